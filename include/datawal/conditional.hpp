#pragma once
// Changes that depend on the current value: DataWal::put_if and erase_if.

#include <optional>
#include <string>

#include <datawal/record.hpp>

namespace datawal {

/// A value, and the record that holds it: DataWal::find.
struct StoredValue {
  std::string value;  ///< may be empty
  RecordRef ref;      ///< for a later put_if() or erase_if() to expect
};

/// What the newest record of a key is expected to be.
class Expect {
 public:
  /// The key has a value, held by the record `ref`: the very record that was read, not another one with the same value. It may have
  /// been moved by a compaction (is_same_record).
  // NOLINTNEXTLINE(google-explicit-constructor): put_if(key, ref, value)
  constexpr Expect(const RecordRef& ref) noexcept : kind_(Kind::record), ref_(ref) {}
  /// The same, or no value: takes what DataWal::ref_of returned.
  // NOLINTNEXTLINE(google-explicit-constructor): the same
  constexpr Expect(const std::optional<RecordRef>& ref) noexcept
      : kind_(ref ? Kind::record : Kind::absent), ref_(ref.value_or(RecordRef{})) {}

  /// The key has no value.
  [[nodiscard]] static constexpr Expect absent() noexcept { return Expect(Kind::absent); }
  /// Always met: for callers that only want to know what was there.
  [[nodiscard]] static constexpr Expect anything() noexcept { return Expect(Kind::anything); }

  /// True if a key whose newest record is `found` meets it.
  [[nodiscard]] constexpr bool is_met_by(const std::optional<RecordRef>& found) const noexcept {
    if (kind_ == Kind::record) return found && is_same_record(*found, ref_);
    return kind_ == Kind::anything || !found;
  }

 private:
  enum class Kind : unsigned char { absent, anything, record };
  explicit constexpr Expect(Kind kind) noexcept : kind_(kind) {}

  Kind kind_;
  RecordRef ref_{};
};

/// The result of a conditional change.
struct ChangeOutcome {
  bool is_done = false;  ///< false: something else was there, and nothing changed
  /// The record that held the key's value before: replaced or erased or, if nothing was done, still there; nullopt if the key had no
  /// value.
  std::optional<RecordRef> previous{};
  std::optional<RecordRef> ref{};  ///< the record of this change, if it was done
};

}  // namespace datawal
