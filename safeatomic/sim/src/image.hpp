#pragma once
// What a DiskImage holds.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sector.hpp"

namespace safeatomic::sim::detail {

struct Attributes {
  std::uint32_t mode = 0600;
  std::uint32_t owner = 0;
  std::uint32_t group = 0;
  friend bool operator==(const Attributes&, const Attributes&) = default;
};

/// A file as it lies on the disk. Nothing but zeros beyond its size.
struct ImageFile {
  Attributes attributes;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  Sectors sectors;
  std::uint64_t hash = 0;
};

/// Computes the hash.
[[nodiscard]] std::shared_ptr<const ImageFile> make_image_file(ImageFile file);

struct ImageNode {
  std::shared_ptr<const ImageFile> file{};  // null: a directory, or
  bool is_other = false;                    // a symbolic link or, without a target, a FIFO
  std::string link_target{};
  Attributes attributes{};
  std::uint64_t inode = 0;
  std::vector<std::pair<std::string, std::uint32_t>> entries{};  // sorted; the number of a node
};

struct Image {
  std::vector<ImageNode> nodes;  // the first is the root; a file with two names is one node
  std::uint64_t hash = 0;
};

/// Computes the hash.
[[nodiscard]] std::shared_ptr<const Image> make_image(std::vector<ImageNode> nodes);

inline constexpr std::uint64_t root_inode = 1;

}  // namespace safeatomic::sim::detail
