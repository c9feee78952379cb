#pragma once
// Adds the records that a log got since a projection of it was made.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/record.hpp>

#include "kv/projection/projection.hpp"
#include "log/read/snapshot.hpp"

namespace datawal::kv {

/// Gathers them first, so whatever can fail (a damaged record, too little memory) fails before the projection is changed. One thread;
/// nobody else may use the projection while take_in() runs.
class Additions {
 public:
  /// Taking in more than this is no faster than reading everything again.
  static constexpr std::size_t max_records = 100'000;
  static constexpr std::size_t max_key_bytes = 64 << 20;
  static constexpr std::size_t max_segments = 16;

  explicit Additions(Projection& projection) : projection_(projection) {}

  /// Adds the next record of the log. False: too many.
  [[nodiscard]] bool add(const RecordView& record);

  [[nodiscard]] std::size_t size() const noexcept { return records_.size(); }

  /// Call it when all were added: `now` ends with them, at `end` of its last segment. The projection is of the segments up to `last_id`.
  /// @return an error, and nothing of what it shows has changed: corruption or io for a record of before that may be one of those
  ///   keys; as open_pinned; invalid_argument when 256 TiB are used up. Throws std::bad_alloc likewise.
  [[nodiscard]] Result<void> take_in(const log::Snapshot& now, std::uint64_t end);

 private:
  struct Item {
    RecordRef ref;
    RecordType type = RecordType::Raw;
    bool is_newest = false;  // of its key
    std::size_t key_begin = 0;
    std::size_t key_len = 0;
    Projection::Change change{};  // if it is the newest
  };

  [[nodiscard]] std::string_view key_of(const Item& item) const noexcept {
    return std::string_view(keys_).substr(item.key_begin, item.key_len);
  }
  [[nodiscard]] Result<void> prepare();
  [[nodiscard]] Result<void> grow_address_space(const log::Snapshot& now, std::uint64_t end);
  [[nodiscard]] Result<void> cover_last();
  void apply() noexcept;

  Projection& projection_;
  std::vector<Item> records_;
  std::string keys_;
};

}  // namespace datawal::kv
