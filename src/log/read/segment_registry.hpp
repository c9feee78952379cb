#pragma once
// Which segment files there are: the one table that appending, reading, compaction, retention and checkpoints use.

#include <atomic>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "base/mutex.hpp"
#include "log/read/file_cache.hpp"
#include "log/read/snapshot.hpp"

namespace datawal::log {

/// One file of a segment. A layer above attaches its own data by deriving from it (SegmentAttachments).
struct SegmentFile {
  std::uint32_t id = 0;
  std::uint32_t generation = 0;  ///< how often the file of this id was rewritten before it
  PinnedSegment pinned{};        ///< guarded by the registry; the size is that when it was sealed, or added
  bool is_named = true;          ///< guarded by the registry; false: not yet, or not any more, the file of that name
};

/// Which file. In the order of the log: while a segment is being rewritten, what was moved already is older than the rest.
struct SegmentFileKey {
  std::uint32_t id = 0;
  std::uint32_t generation = 0;

  friend constexpr std::strong_ordering operator<=>(const SegmentFileKey& a, const SegmentFileKey& b) noexcept {
    return a.id != b.id ? a.id <=> b.id : b.generation <=> a.generation;
  }
  friend constexpr bool operator==(const SegmentFileKey&, const SegmentFileKey&) = default;
};

using SegmentMap = std::map<SegmentFileKey, std::shared_ptr<SegmentFile>>;

/// What a layer above attaches to each file.
class SegmentAttachments {
 public:
  SegmentAttachments(const SegmentAttachments&) = delete;
  SegmentAttachments& operator=(const SegmentAttachments&) = delete;

  /// An entry, not filled in yet. Throws std::bad_alloc.
  [[nodiscard]] virtual std::shared_ptr<SegmentFile> make_file() = 0;

  /// The log continues from `sealed` in `next`, which is empty and open as `file`.
  virtual void rotated(SegmentFile& sealed, SegmentFile& next,
                       const std::shared_ptr<safeatomic::File>& file) noexcept = 0;

 protected:
  SegmentAttachments() = default;
  ~SegmentAttachments() = default;
};

/// A segment has one file that bears its name and, while it is rewritten, a second one: the new file until it gets the name, the
/// old one from then on until nobody needs it any more. What loses its name stays until it is erased, and is read all the same.
///
/// Threads: the set is changed by one thread at a time, by a lock of its owner: of a store with keys, that of changes; of a log,
/// its own or that of maintenance. files(), last() and erase() need that lock; the rest is for any thread.
class SegmentRegistry {
 public:
  explicit SegmentRegistry(std::shared_ptr<safeatomic::Directory> directory);

  /// From now on each file gets an attachment; there is no file yet.
  void attach(SegmentAttachments& attachments) noexcept;
  /// The attachments end, and all files are forgotten with them.
  void detach() noexcept;

  // Growing.

  /// Adds the segment behind all others, whose place may be there since reserve(). Throws std::bad_alloc; nothing is added then.
  SegmentFile& add(const PinnedSegment& segment);

  /// Makes the place of the next segment, so that rotate() cannot fail. Throws std::bad_alloc.
  SegmentFile& reserve();

  /// The last segment is sealed, as `sealed` says, and the segment `id` follows, which is empty and open as `file`. Needs
  /// reserve().
  void rotate(const safeatomic::FileInfo& sealed, std::uint32_t id, const safeatomic::FileInfo& next,
              const std::shared_ptr<safeatomic::File>& file) noexcept;

  /// What is now known of the last one.
  void set_last(const PinnedSegment& segment) noexcept;

  // Rewriting.

  /// Adds the file that `old` was rewritten to. It has no name yet. Throws std::bad_alloc; nothing is added then.
  /// @param prepare  called with the file before it is among the others; false, or an exception: it is not added
  /// @return null if it was not added
  [[nodiscard]] std::shared_ptr<SegmentFile> add_rewritten(const SegmentFile& old, const safeatomic::FileInfo& info,
                                                           const std::function<bool(SegmentFile&)>& prepare);

  /// The name of `file` is about to go: from here on, whoever misses the name finds the open file `old`; who has pinned it before, as
  /// far as there are descriptors (kept_files.hpp). Throws std::bad_alloc.
  /// @return false if it has none, or is the last one
  [[nodiscard]] bool keep(SegmentFile& file, const std::shared_ptr<safeatomic::File>& old);
  /// The file has kept its name after all.
  void keeps_its_name(SegmentFile& file) noexcept;
  /// Its name has gone; to `next`, if that is not null.
  void unname(SegmentFile& file, SegmentFile* next) noexcept;

  /// Takes out a file without a name. @return it; null, and nothing is done, if it has one or is not there
  std::shared_ptr<SegmentFile> erase(const SegmentFile& file) noexcept;

  /// Keeps `file` open for reading, as long as it is there; null: it is opened when needed.
  void hold_open(SegmentFile& segment, std::shared_ptr<safeatomic::File> file) noexcept;
  /// The file was erased, and only those who pinned it still read it. It stays readable if `is_needed`, as far as there are descriptors
  /// (kept_files.hpp): one for each file would take all that the process has, when many are rewritten.
  void release(SegmentFile& segment, bool is_needed) noexcept;

  // Looking up.

  /// In log order.
  [[nodiscard]] const SegmentMap& files() const noexcept { return files_; }
  /// There is one.
  [[nodiscard]] SegmentFile& last() const noexcept { return *last_; }
  /// 0 if there is none.
  [[nodiscard]] std::uint32_t last_id() const noexcept { return last_id_.load(std::memory_order_acquire); }

  /// The file that bears the segment's name; null if there is none.
  [[nodiscard]] std::shared_ptr<SegmentFile> find(std::uint32_t id) const noexcept;

  /// What is known of a file.
  [[nodiscard]] PinnedSegment pinned(const SegmentFile& file) const {
    const Locked guard(mutex_);
    return file.pinned;
  }
  [[nodiscard]] safeatomic::FileInfo last_info() const noexcept {
    const Locked guard(mutex_);
    return last_->pinned.info;
  }

  /// The files that bear names, ascending, but for the last; none is open.
  void add_sealed_to(std::vector<PinnedSegment>& segments) const;

  /// The open file, with or without its name, as long as it is in the registry. Errors as open_pinned.
  [[nodiscard]] Result<std::shared_ptr<safeatomic::File>> open(const SegmentFile& file) const;

  [[nodiscard]] const std::shared_ptr<safeatomic::Directory>& directory() const noexcept { return directory_; }

 private:
  [[nodiscard]] SegmentMap::node_type make_node() const;
  void insert(SegmentMap::node_type node, bool is_last) noexcept;

  const std::shared_ptr<safeatomic::Directory> directory_;
  SegmentAttachments* attachments_ = nullptr;  // null: nothing is hung on
  mutable Mutex mutex_;  // besides the owner's lock, for who changes the set; alone, for what is guarded of each file
  SegmentMap files_;
  SegmentFile* last_ = nullptr;
  std::atomic<std::uint32_t> last_id_{0};
  SegmentMap::node_type spare_;  // of the next segment; empty: to be made. By the owner's lock
  mutable FileCache cache_;
};

}  // namespace datawal::log
