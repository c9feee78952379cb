#include "log/maintenance/checkpoint.hpp"

#include <algorithm>
#include <cerrno>
#include <span>
#include <string>
#include <utility>

#include <datawal/segment.hpp>
#include <safeatomic/io.hpp>
#include <safeatomic/temporary.hpp>

#include "base/io_error.hpp"
#include "log/directory/store_directory.hpp"
#include "log/read/log_scanner.hpp"
#include "segment/copy.hpp"
#include "segment/scanner.hpp"

namespace datawal::log {

namespace {

using safeatomic::Directory;
using safeatomic::File;
using safeatomic::FileInfo;
using safeatomic::FileSystem;

constexpr std::string_view action = "make a checkpoint";

std::unexpected<Error> refuse(Errc code, const std::filesystem::path& path, std::string detail) {
  return std::unexpected(Error{.code = code, .action = action, .path = path, .detail = std::move(detail)});
}

// Where linking fails: another filesystem, one without links, a file of somebody else, too many links.
bool must_copy(const safeatomic::Error& error) noexcept {
  return error.os_errno == EXDEV || error.os_errno == EPERM || error.os_errno == EMLINK || error.os_errno == EACCES ||
         error.os_errno == EOPNOTSUPP;
}

// A directory under a temporary name, removed again unless it was published.
class Draft {
 public:
  static Result<Draft> create(FileSystem& file_system, Directory& parent, std::uint32_t mode) {
    const safeatomic::Result<std::string> name = safeatomic::temporary_name(file_system);
    if (!name) return io_failure(name, action);
    if (safeatomic::Result<void> made = parent.make_directory(*name, mode); !made) return io_failure(made, action);
    Draft draft(parent, *name);
    safeatomic::Result<std::unique_ptr<Directory>> opened = parent.open_directory(*name);
    if (!opened) return io_failure(opened, action);
    draft.directory_ = std::move(*opened);
    return draft;
  }
  Draft(Draft&& other) noexcept
      : parent_(std::exchange(other.parent_, nullptr)),
        name_(std::move(other.name_)),
        directory_(std::move(other.directory_)) {}
  Draft& operator=(Draft&&) = delete;
  ~Draft() {
    if (parent_ == nullptr) return;
    try {
      if (directory_) {
        if (const auto names = directory_->list()) {
          for (const std::string& name : *names) (void)directory_->unlink(name);
        }
      }
      (void)parent_->remove_directory(name_);
    } catch (const std::bad_alloc&) {
      return;  // it stays, under a temporary name
    }
  }

  [[nodiscard]] Directory& directory() noexcept { return *directory_; }

  Result<void> publish(const std::string& name) {
    if (safeatomic::Result<void> synced = directory_->sync(); !synced) return io_failure(synced, "sync directory");
    safeatomic::Result<void> renamed = parent_->rename(name_, *parent_, name, safeatomic::RenameMode::no_replace);
    if (!renamed && renamed.error().code == safeatomic::Errc::unsupported) {
      // The rename can replace nothing but an empty directory that appears there at this instant.
      if (parent_->info_of(name)) return refuse(Errc::already_exists, parent_->path() / name, "it is there already");
      renamed = parent_->rename(name_, *parent_, name, safeatomic::RenameMode::replace);
    }
    if (!renamed) return io_failure(renamed, action);
    Directory& parent = *std::exchange(parent_, nullptr);
    if (safeatomic::Result<void> synced = parent.sync(); !synced) return io_failure(synced, "sync directory");
    return {};
  }

 private:
  Draft(Directory& parent, std::string name) : parent_(&parent), name_(std::move(name)) {}

  Directory* parent_;  // null once published or moved from
  std::string name_;
  std::unique_ptr<Directory> directory_{};
};

Result<bool> have_same_bytes(File& a, File& b, std::uint64_t size) {
  constexpr std::size_t block_len = segment::Scanner::block_len;
  const auto buffer = std::make_unique_for_overwrite<char[]>(2 * block_len);
  for (std::uint64_t at = 0; at < size;) {
    const auto len = static_cast<std::size_t>(std::min<std::uint64_t>(block_len, size - at));
    const std::span first(buffer.get(), len);
    const std::span second(buffer.get() + block_len, len);
    const safeatomic::Result<std::size_t> got_first = safeatomic::read_all(a, at, first);
    if (!got_first) return io_failure(got_first, action);
    const safeatomic::Result<std::size_t> got_second = safeatomic::read_all(b, at, second);
    if (!got_second) return io_failure(got_second, action);
    if (*got_first != len || *got_second != len || !std::ranges::equal(first, second)) return false;
    at += len;
  }
  return true;
}

class Writer {
 public:
  Writer(const CheckpointSource& source, Directory& target, Directory* previous, const CheckpointOptions& options)
      : source_(source), target_(target), previous_(previous), options_(options) {}

  Result<void> write() {
    if (previous_ != nullptr) {
      Result<StoreListing> listing = list_store(*previous_);
      if (!listing) return propagate(listing);
      if (!listing->segments.empty()) previous_highest_ = listing->segments.back().id;
    }
    for (const PinnedSegment& segment : source_.snapshot.segments) {
      const bool is_highest = segment.id == source_.snapshot.segments.back().id;
      Result<void> done = is_highest ? copy(segment, source_.end) : take_sealed(segment);
      if (!done) return done;
      ++report_.segments;
      report_.bytes += is_highest ? source_.end : segment.info.size;
    }
    return {};
  }

  [[nodiscard]] const CheckpointReport& report() const noexcept { return report_; }

 private:
  Result<void> take_sealed(const PinnedSegment& segment) {
    const std::string name = segment::filename(segment.id);
    if (previous_ != nullptr) {
      Result<bool> taken = take_previous(segment, name);
      if (!taken) return propagate(taken);
      if (*taken) return {};
    }
    Result<bool> linked = link(*source_.snapshot.directory, name, segment.info);
    if (!linked) return propagate(linked);
    return *linked ? sync_linked(name) : copy(segment, segment.info.size);
  }

  // Links `name` of `from`, if that is still the same file.
  Result<bool> link(Directory& from, const std::string& name, const FileInfo& meant) {
    const safeatomic::Result<void> linked = from.link(name, target_, name);
    if (!linked) {
      if (must_copy(linked.error()) || linked.error().code == safeatomic::Errc::not_found) return false;
      return io_failure(linked, action);
    }
    const safeatomic::Result<FileInfo> info = target_.info_of(name);
    if (!info) return io_failure(info, action);
    if (info->inode == meant.inode && info->device == meant.device && info->size == meant.size) {
      ++report_.linked;
      return true;
    }
    // It was compacted since the snapshot was taken.
    if (safeatomic::Result<void> removed = target_.unlink(name); !removed) return io_failure(removed, action);
    return false;
  }

  // Links the previous checkpoint's file, if it has the same bytes and cannot be changed: that checkpoint may be a store in use by now.
  // A store's writer appends only to its highest segment, and changes no file in place that has a second name when it opens it. So a
  // segment is sealed for good if another one follows it once it has the second name; the order matters.
  Result<bool> take_previous(const PinnedSegment& segment, const std::string& name) {
    if (segment.id >= previous_highest_) return false;
    safeatomic::Result<std::unique_ptr<File>> file = previous_->open_file(name, {});
    if (!file) return false;
    const safeatomic::Result<FileInfo> info = (*file)->info();
    if (!info) return io_failure(info, action);
    if (info->size != segment.info.size) return false;
    if (info->inode != segment.info.inode || info->device != segment.info.device) {
      Result<std::shared_ptr<File>> original = open_pinned(source_.snapshot, segment);
      if (!original) return propagate(original);
      Result<bool> same = have_same_bytes(**original, **file, info->size);
      if (!same || !*same) return same;
    }
    Result<bool> linked = link(*previous_, name, *info);
    if (!linked || !*linked) return linked;
    if (!previous_->info_of(segment::filename(previous_highest_))) return unlink(name);
    if (safeatomic::Result<void> synced = (*file)->sync_data(); !synced) return io_failure(synced, "sync segment");
    return true;
  }

  Result<bool> unlink(const std::string& name) {
    if (safeatomic::Result<void> removed = target_.unlink(name); !removed) return io_failure(removed, action);
    --report_.linked;
    return false;
  }

  Result<void> sync_linked(const std::string& name) {
    if (source_.is_synced) return {};
    safeatomic::Result<std::unique_ptr<File>> file = target_.open_file(name, {});
    if (!file) return io_failure(file, action);
    if (safeatomic::Result<void> synced = (*file)->sync_data(); !synced) return io_failure(synced, "sync segment");
    return {};
  }

  Result<void> copy(const PinnedSegment& segment, std::uint64_t size) {
    Result<std::shared_ptr<File>> original = open_pinned(source_.snapshot, segment);
    if (!original) return propagate(original);
    safeatomic::Result<std::unique_ptr<File>> file = target_.open_file(
        segment::filename(segment.id), {.write = true, .create = true, .exclusive = true, .mode = options_.file_mode});
    if (!file) return io_failure(file, action);
    if (safeatomic::Result<void> copied = segment::copy_range(**original, 0, size, **file); !copied) {
      return io_failure(copied, action);
    }
    if (safeatomic::Result<void> synced = (*file)->sync_all(); !synced) return io_failure(synced, "sync segment");
    return {};
  }

  const CheckpointSource& source_;
  Directory& target_;
  Directory* previous_;  // null: none
  std::uint32_t previous_highest_ = 0;
  const CheckpointOptions& options_;
  CheckpointReport report_;
};

}  // namespace

Result<void> write_checkpoint(const CheckpointSource& source, const std::filesystem::path& dir,
                              const CheckpointOptions& options) {
  const std::filesystem::path path = dir.has_filename() ? dir : dir.parent_path();
  const std::string name = path.filename();
  if (name.empty() || name == "." || name == "..") return refuse(Errc::invalid_argument, dir, "a new name is needed");
  safeatomic::Result<std::unique_ptr<Directory>> parent = source.file_system.open_directory(path.parent_path());
  if (!parent) return io_failure(parent, action);
  if ((*parent)->info_of(name)) return refuse(Errc::already_exists, dir, "it is there already");
  if (Result<void> outside = refuse_place_inside(source.file_system, path, *source.snapshot.directory, action);
      !outside) {
    return outside;
  }
  std::unique_ptr<Directory> previous;
  if (!options.previous.empty()) {
    Result<std::unique_ptr<Directory>> opened = open_store_directory(source.file_system, options.previous);
    if (!opened) return propagate(opened);
    previous = std::move(*opened);
  }
  Result<Draft> draft = Draft::create(source.file_system, **parent, options.directory_mode);
  if (!draft) return propagate(draft);
  Writer writer(source, draft->directory(), previous.get(), options);
  if (Result<void> written = writer.write(); !written) return written;
  if (Result<void> published = draft->publish(name); !published) return published;
  if (options.report != nullptr) *options.report = writer.report();
  return {};
}

Result<void> checkpoint(const LogCore& core, const std::filesystem::path& dir, const CheckpointOptions& options) {
  if (Result<void> usable = core.refuse_unusable(); !usable) return usable;
  const Locked maintenance(core.sealed_segments().maintenance_mutex());
  Result<std::shared_ptr<const Snapshot>> snapshot = core.snapshot();
  if (!snapshot) return propagate(snapshot);
  return write_checkpoint({.file_system = file_system_of(core.options().file_system),
                           .snapshot = **snapshot,
                           .end = (*snapshot)->segments.back().info.size,
                           .is_synced = true},
                          dir, options);
}

Result<void> checkpoint(FileSystem& file_system, const std::shared_ptr<const Snapshot>& snapshot,
                        const std::filesystem::path& dir, const CheckpointOptions& options) {
  std::uint64_t end = 0;
  if (!snapshot->segments.empty()) {
    LogScanner scanner(snapshot, LastSegment::live, {.segment = snapshot->segments.back().id});
    RecordView record;
    for (;;) {
      Result<bool> more = scanner.next(record);
      if (!more) return propagate(more);
      if (!*more) break;
    }
    end = scanner.end().valid_end;
  }
  return write_checkpoint({.file_system = file_system, .snapshot = *snapshot, .end = end}, dir, options);
}

}  // namespace datawal::log
