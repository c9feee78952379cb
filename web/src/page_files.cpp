#include "page_files.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "host.hpp"

namespace datawal::page {

namespace {

using safeatomic::Directory;
using safeatomic::Errc;
using safeatomic::Error;
using safeatomic::File;
using safeatomic::FileInfo;
using safeatomic::FileKind;
using safeatomic::Result;

std::unexpected<Error> refuse(std::string_view action, const std::filesystem::path& path) {
  return std::unexpected(Error{Errc::unsupported, action, path, EROFS});
}
std::unexpected<Error> absent(std::string_view action, const std::filesystem::path& path) {
  return std::unexpected(Error{Errc::not_found, action, path, ENOENT});
}

FileInfo info_of_file(const PageFile& file) {
  return {.kind = FileKind::regular,
          .device = 1,
          .inode = file.inode,
          .size = file.size,
          .link_count = 1,
          .modified_ns = file.modified_ns,
          .mode = 0600};
}

// Refuses whatever would change something.
class ReadOnlyFile : public File {
 public:
  explicit ReadOnlyFile(std::filesystem::path path) : path_(std::move(path)) {}
  const std::filesystem::path& path() const noexcept override { return path_; }
  Result<std::size_t> write_at(std::uint64_t, std::span<const std::string_view>) override { return refuse("write", path_); }
  Result<void> truncate(std::uint64_t) override { return refuse("truncate", path_); }
  Result<void> reserve(std::uint64_t, std::uint64_t) override { return refuse("reserve", path_); }
  Result<void> sync_data() override { return {}; }
  Result<void> sync_all() override { return {}; }
  Result<void> start_writeback(std::uint64_t, std::uint64_t) override { return {}; }
  Result<std::unique_ptr<safeatomic::Mapping>> map(safeatomic::MapAccess, std::uint64_t, std::size_t) override {
    return refuse("map", path_);
  }
  Result<void> copy_ownership(const FileInfo&) override { return {}; }
  Result<bool> try_lock(safeatomic::LockKind) override { return true; }
  Result<void> unlock(safeatomic::LockKind) override { return {}; }
  Result<bool> is_locked() const override { return false; }

 private:
  std::filesystem::path path_;
};

class GivenFile final : public ReadOnlyFile {
 public:
  GivenFile(const PageFile& file, std::filesystem::path path) : ReadOnlyFile(std::move(path)), file_(file) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    if (offset >= file_.size) return 0;
    constexpr std::uint64_t at_once = 1U << 30;
    const auto len = static_cast<int>(std::min({std::uint64_t{into.size()}, file_.size - offset, at_once}));
    page_files().await(file_.number, offset, offset + static_cast<std::uint64_t>(len));
    const int got = host_read_at(file_.number, static_cast<double>(offset), into.data(), len);
    // Less than there was is a file that has changed, not one that ends.
    if (got != len) return std::unexpected(Error{Errc::io, "read", path(), EIO});
    return static_cast<std::size_t>(got);
  }
  Result<FileInfo> info() const override { return info_of_file(file_); }
  Result<std::optional<safeatomic::DataRange>> next_data(std::uint64_t offset) override {
    if (offset >= file_.size) return std::nullopt;
    return safeatomic::DataRange{offset, file_.size};
  }

 private:
  const PageFile file_;
};

// Appended to, and never read.
class MadeFile final : public ReadOnlyFile {
 public:
  MadeFile(std::size_t index, std::filesystem::path path) : ReadOnlyFile(std::move(path)), index_(index) {}

  Result<std::size_t> read_at(std::uint64_t, std::span<char>) override { return refuse("read", path()); }
  Result<std::size_t> write_at(std::uint64_t offset, std::span<const std::string_view> parts) override {
    if (offset != file().size) return refuse("write", path());
    std::size_t written = 0;
    for (const std::string_view part : parts) {
      host_append(file().number, part.data(), static_cast<int>(part.size()));
      written += part.size();
    }
    file().size += written;
    return written;
  }
  Result<void> truncate(std::uint64_t size) override {
    if (size > file().size) return refuse("truncate", path());
    host_cut(file().number, static_cast<double>(size));
    file().size = size;
    return {};
  }
  Result<FileInfo> info() const override { return info_of_file(file()); }
  Result<std::optional<safeatomic::DataRange>> next_data(std::uint64_t) override { return std::nullopt; }

 private:
  PageFile& file() const { return page_files().made()[index_]; }
  std::size_t index_;
};

enum class Place { root, given, made };

class PageDirectory final : public Directory {
 public:
  PageDirectory(Place place, std::filesystem::path path) : place_(place), path_(std::move(path)) {}

  const std::filesystem::path& path() const noexcept override { return path_; }
  Result<std::unique_ptr<File>> open_file(std::string_view name, const safeatomic::OpenMode& how) override {
    if (place_ == Place::root) return absent("open", path_ / name);
    const PageFile* const found = find(name);
    if (found != nullptr && how.create && how.exclusive) {
      return std::unexpected(Error{Errc::already_exists, "create", path_ / name, EEXIST});
    }
    if (place_ == Place::given) {
      if (how.write || how.create) return refuse("open", path_ / name);
      if (found != nullptr) return std::make_unique<GivenFile>(*found, path_ / name);
      return absent("open", path_ / name);
    }
    if (found == nullptr && !how.create) return absent("open", path_ / name);
    std::vector<PageFile>& made = page_files().made();
    const std::size_t index = found != nullptr ? static_cast<std::size_t>(found - made.data()) : made.size();
    if (found == nullptr) {
      made.push_back(
          {.name = std::string(name), .inode = page_files().next_inode(), .number = static_cast<int>(index)});
    }
    return std::make_unique<MadeFile>(index, path_ / name);
  }
  Result<std::vector<std::string>> list() override {
    std::vector<std::string> names;
    if (place_ == Place::root) return names;
    for (const PageFile& file : files()) names.push_back(file.name);
    return names;
  }
  Result<FileInfo> info() const override {
    return FileInfo{.kind = FileKind::directory,
                    .device = 1,
                    .inode = 1 + static_cast<std::uint64_t>(place_),
                    .link_count = 2,
                    .mode = 0700,
                    .owner = 1};
  }
  Result<FileInfo> info_of(std::string_view name) const override {
    if (place_ == Place::root) return absent("inspect", path_ / name);
    const PageFile* const found = find(name);
    if (found == nullptr) return absent("inspect", path_ / name);
    return info_of_file(*found);
  }
  Result<std::unique_ptr<Directory>> open_directory(std::string_view name) override {
    return page_files().open_directory(place_ == Place::root ? std::filesystem::path(name) : path_ / name);
  }
  Result<std::unique_ptr<Directory>> open_parent() override {
    return std::make_unique<PageDirectory>(Place::root, std::filesystem::path());
  }
  Result<void> make_directory(std::string_view name, std::uint32_t) override {
    if (place_ != Place::root || name != page_files().made_name()) return refuse("make", path_ / name);
    page_files().make();
    return {};
  }
  Result<void> link(std::string_view name, Directory&, std::string_view) override { return refuse("link", path_ / name); }
  Result<void> rename(std::string_view name, Directory&, std::string_view, safeatomic::RenameMode) override {
    return refuse("rename", path_ / name);
  }
  Result<void> unlink(std::string_view name) override { return refuse("remove", path_ / name); }
  Result<void> remove_directory(std::string_view name) override { return refuse("remove", path_ / name); }
  Result<void> sync() override { return {}; }
  Result<void> sync_file_system() override { return {}; }
  Result<bool> try_lock() override { return place_ == Place::made; }
  Result<void> unlock() override { return {}; }
  Result<bool> is_network() const override { return false; }
  Result<bool> reserves_for_good() const override { return false; }

 private:
  const std::vector<PageFile>& files() const { return place_ == Place::made ? page_files().made() : page_files().given(); }

  const PageFile* find(std::string_view name) const {
    if (place_ == Place::given) return page_files().find_given(name);
    const auto found = std::ranges::find(files(), name, &PageFile::name);
    return found == files().end() ? nullptr : &*found;
  }

  Place place_;
  std::filesystem::path path_;
};

}  // namespace

void PageFiles::start(std::string_view name) {
  given_name_ = name;
  given_.clear();
  by_name_.clear();
  awaited_.clear();
  made_.clear();
  is_made_ = false;
}

void PageFiles::give(std::string_view name, std::uint64_t size, std::int64_t modified_ns) {
  by_name_.emplace(name, given_.size());
  awaited_.push_back(0);
  given_.push_back({.name = std::string(name),
                    .size = size,
                    .modified_ns = modified_ns,
                    .inode = next_inode(),
                    .number = static_cast<int>(given_.size())});
}

void PageFiles::await(int file, std::uint64_t begin, std::uint64_t end) {
  if (!may_wait_) return;
  std::uint64_t& awaited = awaited_[static_cast<std::size_t>(file)];
  if (begin > awaited) return;
  for (; awaited < end; awaited = (awaited / awaited_at_once + 1) * awaited_at_once) {
    host_await_at(file, static_cast<double>(awaited));
  }
}

const PageFile* PageFiles::find_given(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &given_[found->second];
}

Result<std::unique_ptr<Directory>> PageFiles::open_directory(const std::filesystem::path& path) {
  if (path == given_name_) return std::make_unique<PageDirectory>(Place::given, path);  // also where that is "."
  if (is_made_ && path == made_name()) return std::make_unique<PageDirectory>(Place::made, path);
  if (path.empty() || path == "/" || path == ".") return std::make_unique<PageDirectory>(Place::root, path);
  return absent("open directory", path);
}

PageFiles& page_files() noexcept {
  static PageFiles files;
  return files;
}

}  // namespace datawal::page

namespace safeatomic {
FileSystem& posix_file_system() noexcept { return datawal::page::page_files(); }
Result<void> Mapping::prefer_huge_pages() { return std::unexpected(Error{Errc::unsupported, "map", {}, ENOTSUP}); }
}  // namespace safeatomic
