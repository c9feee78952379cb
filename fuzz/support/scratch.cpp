#include "support/scratch.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "support/oracle.hpp"
#include "support/reference_codec.hpp"

namespace datawal::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t block_len = 4096;

class ScratchPlace {
 public:
  ScratchPlace() {
    const bool in_memory = ::access("/dev/shm", W_OK | X_OK) == 0;
    std::string name = (in_memory ? fs::path("/dev/shm") : fs::temp_directory_path()) / "datawal-fuzz-XXXXXX";
    require(::mkdtemp(name.data()) != nullptr, "a scratch directory can be made");
    path_ = name;
  }
  ScratchPlace(const ScratchPlace&) = delete;
  ScratchPlace& operator=(const ScratchPlace&) = delete;
  ~ScratchPlace() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

struct stat status_of(const fs::path& path) {
  struct stat status{};
  require(::lstat(path.c_str(), &status) == 0, "the entry can be inspected", path.string());
  return status;
}

void write_sparse(const fs::path& path, std::string_view bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  require(fd >= 0, "a file of the recipe can be made", path.string());
  for (std::size_t at = 0; at < bytes.size(); at += block_len) {
    const std::string_view block = bytes.substr(at, block_len);
    if (block.size() == block_len && std::ranges::all_of(block, [](char byte) { return byte == 0; })) continue;
    require(::pwrite(fd, block.data(), block.size(), static_cast<off_t>(at)) == static_cast<ssize_t>(block.size()),
            "a file of the recipe can be written");
  }
  require(::ftruncate(fd, static_cast<off_t>(bytes.size())) == 0, "a file of the recipe can be sized");
  ::close(fd);
}

std::string read_whole(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  require(fd >= 0, "a file can be read", path.string());
  struct stat status{};
  require(::fstat(fd, &status) == 0, "a file can be inspected");
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::read(fd, bytes.data() + filled, bytes.size() - filled);
    if (got <= 0) break;
    filled += static_cast<std::size_t>(got);
  }
  ::close(fd);
  bytes.resize(filled);
  return bytes;
}

void write_entry(const RecipeFile& file, const fs::path& dir) {
  const fs::path path = dir / file.name;
  int failed = 0;
  switch (file.kind) {
    case EntryKind::regular: return write_sparse(path, file.bytes);
    case EntryKind::directory: failed = ::mkdir(path.c_str(), 0700); break;
    case EntryKind::symlink: failed = ::symlink("00000001.dwal", path.c_str()); break;
    case EntryKind::fifo: failed = ::mkfifo(path.c_str(), 0600); break;
    case EntryKind::hard_link: failed = ::link((dir / file.linked_to).c_str(), path.c_str()); break;
  }
  require(failed == 0, "an entry of the recipe can be made", path.string());
}

std::string segment_name(std::uint32_t id) {
  const std::string digits = std::to_string(id);
  return std::string(8 - digits.size(), '0') + digits + ".dwal";
}

void write_watermark(const RecipeWatermark& wanted, const Recipe& recipe, const fs::path& dir) {
  const std::string name = segment_name(wanted.segment);
  const auto file = std::ranges::find(recipe.files, name, &RecipeFile::name);
  std::uint64_t inode = 7;
  std::uint64_t offset = 0;
  std::uint64_t txid = wanted.frame;
  if (file != recipe.files.end()) {
    inode = inode_of(dir / name);
    if (!file->frame_ends.empty()) {
      offset = file->frame_ends[wanted.frame % file->frame_ends.size()];
      const std::size_t begin = wanted.frame % file->frame_ends.size() == 0
                                    ? 0
                                    : file->frame_ends[wanted.frame % file->frame_ends.size() - 1];
      if (begin + 16 <= file->bytes.size()) txid = test::get_little_endian(file->bytes, begin + 8, 8);
    }
  }
  if ((wanted.flags & 1) != 0) ++inode;
  if ((wanted.flags & 2) != 0) ++txid;
  if ((wanted.flags & 4) != 0) offset = 0;
  if ((wanted.flags & 8) != 0) ++offset;
  if ((wanted.flags & 16) != 0) txid = UINT64_MAX;
  std::string bytes = "DWMK";
  test::put_little_endian(bytes, 1, 4);
  test::put_little_endian(bytes, wanted.segment, 4);
  test::put_little_endian(bytes, 0, 4);
  test::put_little_endian(bytes, inode, 8);
  test::put_little_endian(bytes, offset, 8);
  test::put_little_endian(bytes, txid, 8);
  bytes.append(20, '\0');
  test::put_little_endian(bytes, test::reference_crc(bytes), 4);
  write_sparse(dir / ".watermark", bytes);
}

}  // namespace

const fs::path& scratch() {
  static const ScratchPlace place;
  return place.path();
}

void clear_scratch() {
  for (const fs::directory_entry& entry : fs::directory_iterator(scratch())) fs::remove_all(entry.path());
}

void write_recipe(const Recipe& recipe, const fs::path& dir) {
  fs::create_directory(dir);
  for (const RecipeFile& file : recipe.files) write_entry(file, dir);
  const auto there = std::ranges::find(recipe.files, ".watermark", &RecipeFile::name);
  const bool is_taken = there != recipe.files.end() && there->kind != EntryKind::regular;
  if (recipe.watermarks.empty() || is_taken) return;
  write_watermark(recipe.watermarks.back(), recipe, dir);
}

Image image_of(const fs::path& dir) {
  Image image;
  for (const fs::directory_entry& entry : fs::directory_iterator(dir)) {
    const std::string name = entry.path().filename().string();
    if (name == ".lock") continue;
    switch (entry.symlink_status().type()) {
      case fs::file_type::regular: image[name] = read_whole(entry.path()); break;
      case fs::file_type::directory: image[name] = "<directory>"; break;
      case fs::file_type::symlink: image[name] = "<symlink>"; break;
      default: image[name] = "<other>"; break;
    }
  }
  return image;
}

std::uint64_t inode_of(const fs::path& path) { return status_of(path).st_ino; }
std::uint64_t link_count_of(const fs::path& path) { return status_of(path).st_nlink; }

std::size_t size_of(const Image& image) {
  std::size_t sum = 0;
  for (const auto& [name, content] : image) sum += content.size();
  return sum;
}

}  // namespace datawal::fuzz
