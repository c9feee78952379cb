#include "interleave/world/seam.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "interleave/runtime/hash.hpp"
#include "interleave/runtime/scheduler.hpp"

namespace datawal::interleave {

using safeatomic::DataRange;
using safeatomic::Directory;
using safeatomic::File;
using safeatomic::FileInfo;
using safeatomic::Mapping;
using safeatomic::OpenMode;
using safeatomic::Result;

namespace {

// Operations of the seam have no address; those of one kind are one place.
enum Place : Site {
  at_open = 0x100,
  at_create,
  at_list,
  at_list_more,
  at_look,
  at_name,
  at_sync_directory,
  at_lock,
  at_is_locked,
  at_random,
  at_read,
  at_read_more,
  at_write,
  at_write_more,
  at_map,
  at_map_write,
  at_truncate,
  at_sync,
  at_sync_end,
  at_info,
};

constexpr std::uint64_t names_object = 0xD1;
constexpr std::uint64_t content_object = 0xF11E;
constexpr std::uint64_t lock_object = 0x10C4;

}  // namespace

struct Seam::Impl {
  Seam& seam;
  std::map<std::uint64_t, std::pair<int, int>> syncing;  // by inode: how many, and the thread that began first

  struct Mapped {
    std::uint64_t inode;
    std::uint64_t offset;
    std::string_view bytes;
  };
  std::vector<const Mapped*> mappings;

  // [offset, offset + length) of a file is written: whoever has it mapped may see that.
  void store(std::uint64_t inode, std::uint64_t offset, std::uint64_t length) const {
    if (!is_running()) return;
    for (const Mapped* const mapped : mappings) {
      if (mapped->inode != inode) continue;
      const std::uint64_t begin = std::max(offset, mapped->offset);
      const std::uint64_t end = std::min(offset + length, mapped->offset + mapped->bytes.size());
      if (begin >= end) continue;
      const auto at = reinterpret_cast<std::uintptr_t>(mapped->bytes.data()) + (begin - mapped->offset);
      detail::plain_access(at, end - begin, true, at_write);
    }
  }
};

namespace {

class SeamMapping final : public Mapping {
 public:
  SeamMapping(Seam::Impl& impl, std::unique_ptr<Mapping> inner, std::uint64_t inode, std::uint64_t offset)
      : impl_(impl), inner_(std::move(inner)), mapped_{inode, offset, inner_->bytes()} {
    impl_.mappings.push_back(&mapped_);
  }
  ~SeamMapping() override {
    const Quiet quiet;
    std::erase(impl_.mappings, &mapped_);
    inner_.reset();
  }

  [[nodiscard]] std::string_view bytes() const noexcept override { return inner_->bytes(); }
  void write(std::size_t offset, std::string_view bytes) noexcept override {
    const Quiet quiet;
    visible_operation("store to mapping", mix(content_object, mapped_.inode), true, at_map_write);
    impl_.store(mapped_.inode, mapped_.offset + offset, bytes.size());
    inner_->write(offset, bytes);
  }
  Result<void> populate(std::size_t offset, std::size_t length) override {
    const Quiet quiet;
    return inner_->populate(offset, length);
  }

 private:
  Seam::Impl& impl_;
  std::unique_ptr<Mapping> inner_;
  Seam::Impl::Mapped mapped_;
};

class SeamFile final : public File {
 public:
  SeamFile(Seam::Impl& impl, std::unique_ptr<File> inner)
      : impl_(impl), inner_(std::move(inner)), inode_(inode_of(*inner_)), object_(mix(content_object, inode_)) {}
  ~SeamFile() override {
    const Quiet quiet;
    inner_.reset();
  }

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return inner_->path(); }

  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    const Quiet quiet;
    visit("read", false, at_read);
    const std::size_t half = impl_.seam.is_interruptible ? half_of_rest(offset, into.size()) : 0;
    if (half == 0) return inner_->read_at(offset, into);
    Result<std::size_t> first = inner_->read_at(offset, into.first(half));
    if (!first || *first < half) return first;
    visit("read the rest", false, at_read_more);
    Result<std::size_t> second = inner_->read_at(offset + half, into.subspan(half));
    if (!second) return second;
    return half + *second;
  }

  [[nodiscard]] Result<std::size_t> write_at(std::uint64_t offset, std::span<const std::string_view> parts) override {
    const Quiet quiet;
    visit("write", true, at_write);
    std::string bytes;
    for (const std::string_view part : parts) bytes += part;
    const std::size_t half = impl_.seam.is_interruptible ? bytes.size() / 2 : 0;
    impl_.store(inode_, offset, bytes.size());
    if (half == 0) return inner_->write_at(offset, parts);
    const std::string_view begin = std::string_view(bytes).substr(0, half);
    Result<std::size_t> first = inner_->write_at(offset, std::span(&begin, 1));
    if (!first || *first < half) return first;
    visit("write the rest", true, at_write_more);
    const std::string_view end = std::string_view(bytes).substr(half);
    Result<std::size_t> second = inner_->write_at(offset + half, std::span(&end, 1));
    if (!second) return second;
    return half + *second;
  }

  [[nodiscard]] Result<void> truncate(std::uint64_t size) override {
    const Quiet quiet;
    visit("truncate", true, at_truncate);
    return inner_->truncate(size);
  }
  [[nodiscard]] Result<void> reserve(std::uint64_t offset, std::uint64_t length) override {
    const Quiet quiet;
    visit("reserve", true, at_truncate);
    return inner_->reserve(offset, length);
  }
  [[nodiscard]] Result<void> sync_data() override {
    return sync([this] { return inner_->sync_data(); });
  }
  [[nodiscard]] Result<void> sync_all() override {
    return sync([this] { return inner_->sync_all(); });
  }
  Result<void> start_writeback(std::uint64_t offset, std::uint64_t length) override {
    const Quiet quiet;
    return inner_->start_writeback(offset, length);
  }
  [[nodiscard]] Result<FileInfo> info() const override {
    const Quiet quiet;
    visit("inspect", false, at_info);
    return inner_->info();
  }
  [[nodiscard]] Result<std::optional<DataRange>> next_data(std::uint64_t offset) override {
    const Quiet quiet;
    visit("look for data", false, at_info);
    return inner_->next_data(offset);
  }
  [[nodiscard]] Result<std::unique_ptr<Mapping>> map(safeatomic::MapAccess access, std::uint64_t offset,
                                                     std::size_t length) override {
    const Quiet quiet;
    visit("map", false, at_map);
    Result<std::unique_ptr<Mapping>> mapping = inner_->map(access, offset, length);
    if (!mapping) return mapping;
    return std::make_unique<SeamMapping>(impl_, std::move(*mapping), inode_, offset);
  }
  [[nodiscard]] Result<void> copy_ownership(const FileInfo& like) override {
    const Quiet quiet;
    return inner_->copy_ownership(like);
  }
  [[nodiscard]] Result<bool> try_lock(safeatomic::LockKind kind) override {
    const Quiet quiet;
    visible_operation("lock " + name(), lock_object, true, at_lock);
    return inner_->try_lock(kind);
  }
  Result<void> unlock(safeatomic::LockKind kind) override {
    const Quiet quiet;
    visible_operation("unlock " + name(), lock_object, true, at_lock);
    return inner_->unlock(kind);
  }
  [[nodiscard]] Result<bool> is_locked() const override {
    const Quiet quiet;
    visible_operation("query lock of " + name(), lock_object, false, at_is_locked);
    return inner_->is_locked();
  }
  [[nodiscard]] Result<std::string> access_control_list() const override {
    const Quiet quiet;
    return inner_->access_control_list();
  }

 private:
  static std::uint64_t inode_of(const File& file) {
    const Result<FileInfo> info = file.info();
    return info ? info->inode : 0;
  }
  [[nodiscard]] std::string name() const { return inner_->path().filename().string(); }
  void visit(const char* what, bool is_change, Site site) const {
    visible_operation(is_running() && is_traced() ? what + (" " + name()) : std::string(), object_, is_change, site);
  }
  [[nodiscard]] std::size_t half_of_rest(std::uint64_t offset, std::size_t length) const {
    const Result<FileInfo> info = inner_->info();
    if (!info || info->size <= offset) return 0;
    return static_cast<std::size_t>(std::min<std::uint64_t>(length, info->size - offset) / 2);
  }
  // Begins, and ends a while later. What is written meanwhile is not covered.
  template <class Call>
  Result<void> sync(Call call) {
    const Quiet quiet;
    visit("sync", true, at_sync);
    auto& [count, first] = impl_.syncing[inode_];
    if (++count > 1 && first != self() && impl_.seam.on_overlapping_syncs) impl_.seam.on_overlapping_syncs();
    first = self();
    struct Ends {
      int& running;
      ~Ends() { --running; }
    };
    const Ends ends{count};
    const Result<void> done = call();
    visit("sync ends", true, at_sync_end);
    return done;
  }

  Seam::Impl& impl_;
  std::unique_ptr<File> inner_;
  std::uint64_t inode_;
  std::uint64_t object_;
};

class SeamDirectory final : public Directory {
 public:
  SeamDirectory(Seam::Impl& impl, std::unique_ptr<Directory> inner)
      : impl_(impl), inner_(std::move(inner)), hash_(inode_of(*inner_)) {}
  ~SeamDirectory() override {
    const Quiet quiet;
    inner_.reset();
  }

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return inner_->path(); }

  [[nodiscard]] Result<std::unique_ptr<File>> open_file(std::string_view name, const OpenMode& how) override {
    const Quiet quiet;
    const bool makes = how.create && !inner_->info_of(name);
    visit("open", name, makes, makes ? at_create : at_open);
    if (makes) also_touches(mix(hash_, names_object), true, at_create);
    Result<std::unique_ptr<File>> file = inner_->open_file(name, how);
    if (!file) return file;
    return std::make_unique<SeamFile>(impl_, std::move(*file));
  }
  [[nodiscard]] Result<std::unique_ptr<Directory>> open_directory(std::string_view name) override {
    const Quiet quiet;
    visit("open directory", name, false, at_open);
    return wrap(inner_->open_directory(name));
  }
  [[nodiscard]] Result<std::unique_ptr<Directory>> open_parent() override {
    const Quiet quiet;
    return wrap(inner_->open_parent());
  }
  [[nodiscard]] Result<void> make_directory(std::string_view name, std::uint32_t mode) override {
    const Quiet quiet;
    visit("make directory", name, true, at_name);
    also_touches(mix(hash_, names_object), true, at_name);
    return inner_->make_directory(name, mode);
  }
  // What gets or loses its name meanwhile is listed or not.
  [[nodiscard]] Result<std::vector<std::string>> list() override {
    const Quiet quiet;
    visible_operation("list", mix(hash_, names_object), false, at_list);
    Result<std::vector<std::string>> names = inner_->list();
    if (!names || names->size() < 2 || !impl_.seam.is_interruptible) return names;
    std::ranges::sort(*names);
    const std::string half = (*names)[names->size() / 2];
    visible_operation("list the rest", mix(hash_, names_object), false, at_list_more);
    Result<std::vector<std::string>> rest = inner_->list();
    if (!rest) return rest;
    std::erase_if(*names, [&](const std::string& name) { return name >= half; });
    std::ranges::copy_if(*rest, std::back_inserter(*names), [&](const std::string& name) { return name >= half; });
    return names;
  }
  [[nodiscard]] Result<FileInfo> info() const override {
    const Quiet quiet;
    return inner_->info();
  }
  [[nodiscard]] Result<FileInfo> info_of(std::string_view name) const override {
    const Quiet quiet;
    visit("look at", name, false, at_look);
    const Result<FileInfo> info = inner_->info_of(name);
    if (info) also_touches(mix(content_object, info->inode), false, at_look);
    return info;
  }
  [[nodiscard]] Result<void> link(std::string_view name, Directory& target, std::string_view new_name) override {
    const Quiet quiet;
    auto& other = static_cast<SeamDirectory&>(target);
    change_names("link", name, other, new_name);
    return inner_->link(name, *other.inner_, new_name);
  }
  [[nodiscard]] Result<void> rename(std::string_view name, Directory& target, std::string_view new_name,
                                    safeatomic::RenameMode mode) override {
    const Quiet quiet;
    auto& other = static_cast<SeamDirectory&>(target);
    change_names("rename", name, other, new_name);
    return inner_->rename(name, *other.inner_, new_name, mode);
  }
  [[nodiscard]] Result<void> unlink(std::string_view name) override {
    const Quiet quiet;
    visit("unlink", name, true, at_name);
    also_touches(mix(hash_, names_object), true, at_name);
    return inner_->unlink(name);
  }
  [[nodiscard]] Result<void> remove_directory(std::string_view name) override {
    const Quiet quiet;
    visit("remove directory", name, true, at_name);
    also_touches(mix(hash_, names_object), true, at_name);
    return inner_->remove_directory(name);
  }
  [[nodiscard]] Result<void> sync() override {
    const Quiet quiet;
    visible_operation("sync directory", mix(hash_, names_object), true, at_sync_directory);
    return inner_->sync();
  }
  [[nodiscard]] Result<void> sync_file_system() override {
    const Quiet quiet;
    visible_operation("sync file system", mix(hash_, names_object), true, at_sync_directory);
    return inner_->sync_file_system();
  }
  [[nodiscard]] Result<bool> try_lock() override {
    const Quiet quiet;
    visible_operation("lock directory", lock_object, true, at_lock);
    return inner_->try_lock();
  }
  Result<void> unlock() override {
    const Quiet quiet;
    visible_operation("unlock directory", lock_object, true, at_lock);
    return inner_->unlock();
  }
  [[nodiscard]] Result<bool> is_network() const override {
    const Quiet quiet;
    return inner_->is_network();
  }
  [[nodiscard]] Result<bool> reserves_for_good() const override {
    const Quiet quiet;
    return inner_->reserves_for_good();
  }

 private:
  static std::uint64_t inode_of(const Directory& directory) {
    const Result<FileInfo> info = directory.info();
    return info ? info->inode : 0;
  }
  Result<std::unique_ptr<Directory>> wrap(Result<std::unique_ptr<Directory>> opened) const {
    if (!opened) return opened;
    return std::make_unique<SeamDirectory>(impl_, std::move(*opened));
  }
  void visit(const char* what, std::string_view name, bool is_change, Site site) const {
    visible_operation(is_running() && is_traced() ? std::string(what) + " " + std::string(name) : std::string(),
                      mix(hash_, name), is_change, site);
  }
  void change_names(const char* what, std::string_view name, const SeamDirectory& target, std::string_view new_name) {
    target.visit(what, new_name, true, at_name);
    also_touches(mix(hash_, name), true, at_name);
    also_touches(mix(hash_, names_object), true, at_name);
    also_touches(mix(target.hash_, names_object), true, at_name);
  }

  Seam::Impl& impl_;
  std::unique_ptr<Directory> inner_;
  std::uint64_t hash_;
};

}  // namespace

Seam::Seam(safeatomic::sim::SimFileSystem& machine) : machine_(machine), impl_(std::make_unique<Impl>(*this)) {}
Seam::~Seam() = default;

Result<std::unique_ptr<Directory>> Seam::open_directory(const std::filesystem::path& path) {
  const Quiet quiet;
  Result<std::unique_ptr<Directory>> directory = machine_.open_directory(path);
  if (!directory) return directory;
  return std::make_unique<SeamDirectory>(*impl_, std::move(*directory));
}

Result<std::uint64_t> Seam::random() {
  const Quiet quiet;
  visible_operation("draw a random number", lock_object + 1, true, at_random);
  return machine_.random();
}

}  // namespace datawal::interleave
