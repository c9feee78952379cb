#pragma once
// `.index` and `.state` as a fuzzer or somebody who knows the format would write them: docs/FORMAT.md.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace datawal::fuzz {

/// What lies behind the metadata.
enum class SavedPages : std::uint8_t {
  none,     ///< of `.state`
  indexed,  ///< of `.index`: pages, whose checksums are in the metadata
};

struct SavedFile {
  std::string bytes{};
  bool is_crafted = false;  ///< its checksums were made right again
};

/// The first byte of `input` says how the rest is taken: as the whole file, or as changes of the original, each an offset of
/// `offset_len` bytes and a byte. The original, if it is empty.
[[nodiscard]] SavedFile saved_file_of(std::string_view input, const std::string& original, std::size_t offset_len,
                                      SavedPages pages);

}  // namespace datawal::fuzz
