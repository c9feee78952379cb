#pragma once
// Changes that depend on what is there: DataWal::put_if and erase_if.

#include <optional>
#include <string>

#include <datawal/record.hpp>

namespace datawal {

/// A value, and the record that holds it: DataWal::find.
struct StoredValue {
  std::string value;  ///< may be empty
  RecordRef ref;      ///< what a later put_if() or erase_if() may expect
};

/// What the newest record of a key is expected to be.
class Expect {
 public:
  /// The key has a value, and `ref` is of the record that holds it: the very one that was read, not another with the same value. A
  /// compaction that moved it does not matter (is_same_record).
  // NOLINTNEXTLINE(google-explicit-constructor): put_if(key, ref, value)
  constexpr Expect(const RecordRef& ref) noexcept : kind_(Kind::record), ref_(ref) {}
  /// That, or no value: as DataWal::ref_of told it.
  // NOLINTNEXTLINE(google-explicit-constructor): the same
  constexpr Expect(const std::optional<RecordRef>& ref) noexcept
      : kind_(ref ? Kind::record : Kind::absent), ref_(ref.value_or(RecordRef{})) {}

  /// The key has no value.
  [[nodiscard]] static constexpr Expect absent() noexcept { return Expect(Kind::absent); }
  /// Whatever there is: for who only wants to be told.
  [[nodiscard]] static constexpr Expect anything() noexcept { return Expect(Kind::anything); }

  /// Whether it is met where the key has this record.
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

/// What became of a conditional change.
struct ChangeOutcome {
  bool is_done = false;  ///< false: something else was there, and nothing was changed
  /// The record that held the key's value before: what was replaced or erased or, if nothing was done, what is there instead; nullopt
  /// if the key had no value.
  std::optional<RecordRef> previous{};
  std::optional<RecordRef> ref{};  ///< the record of this change, once it is done
};

}  // namespace datawal
