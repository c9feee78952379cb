#include "image.hpp"

namespace safeatomic::sim {

namespace detail {

namespace {

std::uint64_t with_attributes(std::uint64_t hash, const Attributes& attributes) noexcept {
  return mixed(mixed(mixed(hash, attributes.mode), attributes.owner), attributes.group);
}

}  // namespace

std::shared_ptr<const ImageFile> make_image_file(ImageFile file) {
  while (!file.sectors.empty() && !file.sectors.back()) file.sectors.pop_back();
  std::uint64_t hash = with_attributes(mixed(mixed(1, file.inode), file.size), file.attributes);
  for (const SectorRef& sector : file.sectors) hash = mixed(hash, sector ? sector->hash : 0);
  file.hash = hash;
  return std::make_shared<const ImageFile>(std::move(file));
}

std::shared_ptr<const Image> make_image(std::vector<ImageNode> nodes) {
  std::uint64_t hash = 0;
  for (const ImageNode& node : nodes) {
    if (node.file) {
      hash = mixed(hash, node.file->hash);
      continue;
    }
    hash = with_attributes(mixed(mixed(hash, node.is_other ? 3 : 2), node.inode), node.attributes);
    hash = mixed(hash, hash_of(node.link_target));
    for (const auto& [name, number] : node.entries) hash = mixed(mixed(hash, hash_of(name)), number);
  }
  return std::make_shared<const Image>(Image{std::move(nodes), hash});
}

}  // namespace detail

DiskImage::DiskImage() {
  static const std::shared_ptr<const detail::Image> empty = detail::make_image(
      {{.attributes = {.mode = 0755}, .inode = detail::root_inode}});
  image_ = empty;
}

std::uint64_t DiskImage::hash() const noexcept { return image_->hash; }

}  // namespace safeatomic::sim
