#pragma once
// Reads single records back, most of them in the order of the log.

#include <cstdint>
#include <memory>
#include <vector>

#include <datawal/format.hpp>
#include <safeatomic/file_system.hpp>

#include "rows.hpp"

namespace datawal::page {

class RecordReader {
 public:
  /// The whole frame, its checksum checked; valid until the next call. Null: it cannot be read, or it is no record any more.
  [[nodiscard]] const format::DecodedRecord* read(const Rows::Row& row);
  /// The same without the checksum, for a search: the bytes of key and payload.
  [[nodiscard]] const format::DecodedRecord* look(const Rows::Row& row);
  [[nodiscard]] const char* frame() const noexcept { return frame_; }

 private:
  [[nodiscard]] bool load(const Rows::Row& row);

  std::unique_ptr<safeatomic::File> file_;
  std::uint32_t segment_ = 0;
  std::vector<char> block_;
  std::uint64_t begin_ = 0;  // of the block in the file
  std::uint64_t end_ = 0;
  const char* frame_ = nullptr;
  format::DecodedRecord record_;
};

}  // namespace datawal::page
