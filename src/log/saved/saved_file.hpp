#pragma once
// Reads the description of a log up to P: `.state`, or `.index` without its directory and pages.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <datawal/recovery_report.hpp>
#include <safeatomic/file_system.hpp>

#include "log/read/snapshot.hpp"
#include "log/saved/saved_format.hpp"

namespace datawal::log {

/// A sound description of the log up to P: every number in it lies within its bounds, and agrees with the others.
struct SavedLog {
  SavedHeader header{};
  std::vector<SavedSegment> segments{};  ///< ascending; the last one is that of P
};

/// The file by that name, read up to the end of its header.
struct SavedOpening {
  IndexState state = IndexState::absent;  ///< `used` if that is sound
  std::string reason{};                   ///< why it is not
  std::unique_ptr<safeatomic::File> file{};
  std::uint64_t size = 0;
  SavedHeader header{};
};

/// @param flags  of the kind of file that has this name
/// Throws std::bad_alloc.
[[nodiscard]] SavedOpening open_saved(safeatomic::Directory& directory, const char* name, std::uint32_t flags);

/// Reads the metadata behind the header in small pieces, so a false length ends where the bytes do.
class SavedMetadata {
 public:
  SavedMetadata(safeatomic::File& file, std::uint64_t end) : file_(file), end_(end) {}

  /// The next `len` bytes, valid until the next call; nullptr if there are no more.
  [[nodiscard]] const char* next(std::size_t len);

  /// True if the rest is zeros, and less than a page. Only then is crc() that of everything.
  [[nodiscard]] bool ends_in_zeros();

  [[nodiscard]] std::uint32_t crc() const noexcept { return crc_; }

 private:
  bool fill();

  safeatomic::File& file_;
  std::uint64_t offset_ = saved_header_len;
  const std::uint64_t end_;
  std::vector<char> buffer_ = std::vector<char>(64 * 1024);
  std::size_t begin_ = 0;
  std::size_t filled_ = 0;
  std::uint32_t crc_ = 0;
};

/// The segments that the header of `saved` counts.
/// @return false: they are not what such a file holds
[[nodiscard]] bool read_saved_segments(SavedMetadata& metadata, SavedLog& saved);

/// What was found by the name of `.state`.
struct StateLook {
  IndexState state = IndexState::absent;  ///< `used` if it is sound
  std::string reason{};                   ///< why it is not
  std::optional<SavedLog> log{};          ///< if it is sound
  std::uint64_t bytes = 0;                ///< of the file
};

/// Reads it. Takes memory in proportion to the bytes that are really in the file. Changes nothing. Throws std::bad_alloc.
[[nodiscard]] StateLook read_state(safeatomic::Directory& directory);

}  // namespace datawal::log
