#include <safeatomic/temporary.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace safeatomic {
namespace {

constexpr std::string_view prefix = ".tmp-";
constexpr std::string_view suffix = ".dwal-tmp";
constexpr std::string_view digits = "0123456789abcdef";
constexpr std::size_t digit_count = 16;
constexpr int attempts_max = 16;  // two draws of 64 bits do not collide by chance, but a broken source might

}  // namespace

bool is_temporary_name(std::string_view name) noexcept {
  if (name.size() != prefix.size() + digit_count + suffix.size()) return false;
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return false;
  return name.substr(prefix.size(), digit_count).find_first_not_of(digits) == std::string_view::npos;
}

Result<std::string> temporary_name(FileSystem& file_system) {
  const Result<std::uint64_t> drawn = file_system.random();
  if (!drawn) return propagate(drawn);
  std::string name(prefix);
  for (int shift = 60; shift >= 0; shift -= 4) name += digits[(*drawn >> shift) & 0xF];
  name += suffix;
  return name;
}

TemporaryFile::TemporaryFile(Directory& directory, std::string name, std::unique_ptr<File> file) noexcept
    : directory_(&directory), name_(std::move(name)), file_(std::move(file)) {}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : directory_(std::exchange(other.directory_, nullptr)),
      name_(std::move(other.name_)),
      file_(std::move(other.file_)) {}

TemporaryFile& TemporaryFile::operator=(TemporaryFile&& other) noexcept {
  if (this == &other) return *this;
  discard();
  directory_ = std::exchange(other.directory_, nullptr);
  name_ = std::move(other.name_);
  file_ = std::move(other.file_);
  return *this;
}

TemporaryFile::~TemporaryFile() { discard(); }

void TemporaryFile::discard() noexcept {
  // A name that cannot be removed now is left to whoever cleans up by is_temporary_name.
  try {
    if (directory_ != nullptr) static_cast<void>(directory_->unlink(name_));
  } catch (const std::bad_alloc&) {
    static_cast<void>(name_);  // likewise
  }
  directory_ = nullptr;
}

Result<TemporaryFile> TemporaryFile::create(FileSystem& file_system, Directory& directory, std::uint32_t mode) {
  for (int attempt = 1;; ++attempt) {
    Result<std::string> name = temporary_name(file_system);
    if (!name) return propagate(name);
    Result<std::unique_ptr<File>> file = directory.open_file(
        *name, {.write = true, .create = true, .exclusive = true, .mode = mode});
    if (file) return TemporaryFile(directory, std::move(*name), std::move(*file));
    if (file.error().code != Errc::already_exists || attempt == attempts_max) return propagate(file);
  }
}

Result<void> TemporaryFile::take_ownership_of(const FileInfo& like) {
  const Result<void> exact = file_->copy_ownership(like);
  if (exact || exact.error().code != Errc::permission) return exact;

  const Result<FileInfo> own = file_->info();
  if (!own) return propagate(own);
  const std::uint32_t owner_bits = (like.mode >> 6) & 7;
  const std::uint32_t group_bits = (like.mode >> 3) & 7;
  const std::uint32_t other_bits = like.mode & 7;

  // We stay the owner: who was it becomes a member of the group or one of the others.
  FileInfo kept = like;
  kept.owner = own->owner;
  const std::uint32_t common_to_owner = own->owner == like.owner ? 7 : owner_bits;
  kept.mode = owner_bits << 6 | (group_bits & common_to_owner) << 3 | (other_bits & common_to_owner);
  const Result<void> with_group = file_->copy_ownership(kept);
  if (with_group || with_group.error().code != Errc::permission) return with_group;

  // Not even its group: each of the two classes may hold members of the other one now.
  kept.group = own->group;
  const std::uint32_t common = group_bits & other_bits & common_to_owner;
  kept.mode = owner_bits << 6 | common << 3 | common;
  return file_->copy_ownership(kept);
}

Result<void> TemporaryFile::publish_over(std::string_view name) {
  const Result<void> renamed = directory_->rename(name_, *directory_, name, RenameMode::replace);
  if (renamed) directory_ = nullptr;
  return renamed;
}

Result<bool> TemporaryFile::publish_new(std::string_view name) {
  Result<void> published = directory_->rename(name_, *directory_, name, RenameMode::no_replace);
  if (published) {
    directory_ = nullptr;
    return true;
  }
  if (published.error().code == Errc::unsupported) {
    published = directory_->link(name_, *directory_, name);
    if (published) {
      discard();
      return true;
    }
  }
  if (published.error().code == Errc::already_exists) return false;
  return propagate(published);
}

}  // namespace safeatomic
