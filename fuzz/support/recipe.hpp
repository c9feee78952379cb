#pragma once
// A directory (or one file, or a command line) written as a list of steps, so that what the fuzzer changes is what a store
// is made of: whole frames, damage with and without the checksum computed again, zeros, names. Every string is a recipe.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace datawal::fuzz {

/// The first byte of a step, modulo `step_count`; its arguments follow, missing ones are 0.
enum class Step : std::uint8_t {
  frame,            ///< type, key length, payload length, fill: the next txid
  long_frame,       ///< type, payload length / 8 (2 bytes), fill
  frame_with_txid,  ///< type, payload length, txid (8 bytes)
  patch_header,     ///< offset, value: into the last frame's header, and its checksum computed again
  patch_byte,       ///< distance from the end (2 bytes), value: nothing computed again
  raw,              ///< length, bytes
  zeros,            ///< count (2 bytes)
  hole,             ///< 4 KiB blocks
  cut,              ///< count (2 bytes): off the end
  repeat,           ///< the last frame once more
  file,             ///< name: what follows is its content
  entry,            ///< name, kind: not a regular file, or one more name for the current file
  watermark,        ///< segment, flags, frame: a whole watermark
  option,           ///< one more byte of options
  argument,         ///< length, bytes: of the command line
  word,             ///< one of the command line's own words
  input,            ///< length, bytes: of standard input
};
inline constexpr std::size_t step_count = static_cast<std::size_t>(Step::input) + 1;

enum class EntryKind : std::uint8_t { regular, directory, symlink, fifo, hard_link };

struct RecipeFile {
  std::string name{};
  EntryKind kind = EntryKind::regular;
  std::string bytes{};
  std::string linked_to{};                ///< for hard_link: the file it is a name of
  std::vector<std::size_t> frame_ends{};  ///< where the frames written by steps end
};

/// A `.watermark` with a right checksum, to be written once its segment's inode number is known.
struct RecipeWatermark {
  std::uint32_t segment = 0;
  std::uint8_t flags = 0;  ///< 1: wrong inode; 2: wrong txid; 4: offset 0; 8: offset one too high; 16: the highest txid
  std::uint8_t frame = 0;  ///< which of the segment's frames it ends behind
};

struct Recipe {
  std::vector<RecipeFile> files{};
  std::vector<RecipeWatermark> watermarks{};
  std::string options{};
  std::vector<std::string> arguments{};
  std::string input{};

  /// The options' byte at `index`, 0 if it is not given.
  [[nodiscard]] std::uint8_t option(std::size_t index) const {
    return index < options.size() ? static_cast<std::uint8_t>(options[index]) : std::uint8_t{0};
  }
};

/// Whatever the bytes are. Files grow to 2 MiB at most.
[[nodiscard]] Recipe read_recipe(std::string_view bytes);

/// Where each step of a recipe begins, and its end.
[[nodiscard]] std::vector<std::size_t> step_bounds(std::string_view bytes);

}  // namespace datawal::fuzz
