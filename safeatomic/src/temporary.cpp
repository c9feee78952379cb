#include <safeatomic/temporary.hpp>

#include <new>
#include <utility>

namespace safeatomic {
namespace {

constexpr std::string_view prefix = ".tmp-";
constexpr std::string_view suffix = ".dwal-tmp";
constexpr std::string_view digits = "0123456789abcdef";
constexpr std::size_t digit_count = 16;
constexpr std::size_t tail_len = digit_count + suffix.size();
constexpr std::size_t name_len_max = 255;
constexpr int attempts_max = 16;  // two draws of 64 bits do not collide by chance, but a broken source might

/// At most `len_max` bytes of it, in whole characters if it is UTF-8: some filesystems take nothing else.
std::string_view beginning_of(std::string_view text, std::size_t len_max) noexcept {
  if (text.size() <= len_max) return text;
  std::size_t len = len_max;
  while (len > 1 && (static_cast<unsigned char>(text[len]) & 0xC0U) == 0x80U) --len;
  return text.substr(0, len);
}

}  // namespace

bool is_temporary_name(std::string_view name) noexcept {
  const std::optional<std::string_view> target = target_of_temporary(name);
  return target && target->empty();
}

std::optional<std::string_view> target_of_temporary(std::string_view name) noexcept {
  if (name.size() < tail_len || !name.ends_with(suffix)) return std::nullopt;
  if (name.substr(name.size() - tail_len, digit_count).find_first_not_of(digits) != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view head = name.substr(0, name.size() - tail_len);
  if (head == prefix) return head.substr(0, 0);
  if (head.size() < 3 || !head.starts_with('.') || !head.ends_with('.')) return std::nullopt;
  return head.substr(1, head.size() - 2);
}

Result<std::string> temporary_name(FileSystem& file_system, std::string_view target) {
  const Result<std::uint64_t> drawn = file_system.random();
  if (!drawn) return propagate(drawn);
  std::string name;
  name.reserve(name_len_max);
  if (target.empty()) {
    name += prefix;
  } else {
    name.append(".").append(beginning_of(target, name_len_max - tail_len - 2)).append(".");
  }
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
  Directory* const directory = std::exchange(directory_, nullptr);
  if (directory == nullptr) return;
  // A name that cannot be removed now is left to remove_stale_temporaries.
  try {
    static_cast<void>(directory->unlink(name_));
  } catch (const std::bad_alloc&) {
    return;  // no memory for the error, or in a FileSystem that needs some to remove a name
  }
}

Result<TemporaryFile> TemporaryFile::create(FileSystem& file_system, Directory& directory, std::uint32_t mode,
                                            std::string_view target) {
  for (int attempt = 1;; ++attempt) {
    Result<std::string> name = temporary_name(file_system, target);
    if (!name) return propagate(name);
    Result<std::unique_ptr<File>> file = directory.open_file(
        *name, {.write = true, .create = true, .exclusive = true, .mode = mode, .temporary = true});
    if (file) return TemporaryFile(directory, std::move(*name), std::move(*file));
    if (file.error().code != Errc::already_exists || attempt == attempts_max) return propagate(file);
  }
}

Result<void> TemporaryFile::take_ownership_of(const Access& like, KeepAccess keep) {
  return give_access(*file_, like, keep);
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
