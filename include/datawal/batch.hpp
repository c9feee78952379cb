#pragma once
// Changes to a key/value store that are written together: DataWal::write.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <datawal/record.hpp>

namespace datawal {

/// Puts and erases, in order; the last one of a key wins. Copies its arguments, which may be views of records(). One thread at a
/// time.
class Batch {
 public:
  /// Throws std::bad_alloc and then changes nothing. DataWal::write checks the lengths.
  void put(std::string_view key, std::string_view value) { add(RecordType::Put, key, value); }
  /// As put().
  void erase(std::string_view key) { add(RecordType::Delete, key, {}); }

  /// Forgets all changes but keeps the memory for the next ones.
  void clear() noexcept {
    entries_.clear();
    bytes_.clear();
  }
  /// The number of changes.
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  /// size() is 0.
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

  /// The changes as records; valid until the next change.
  [[nodiscard]] std::vector<RecordInput> records() const;

 private:
  struct Entry {
    RecordType type = RecordType::Put;
    std::size_t key_len = 0;
    std::size_t value_len = 0;
  };

  void add(RecordType type, std::string_view key, std::string_view value);

  std::vector<Entry> entries_;
  std::string bytes_;  // key and value of each, back to back
};

}  // namespace datawal
