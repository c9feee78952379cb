#pragma once
// All segments of a log as one address space: which files there are, what they hold, and the record at an address.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/format.hpp>
#include <datawal/options.hpp>
#include <datawal/record.hpp>
#include <safeatomic/file_system.hpp>

#include "kv/records/extent_table.hpp"
#include "kv/records/reader_epochs.hpp"
#include "kv/records/removed_files.hpp"
#include "kv/records/segment_file.hpp"
#include "log/read/segment_registry.hpp"
#include "log/read/snapshot.hpp"

namespace datawal::kv {

/// A record and its place. The views point into a mapping that lives as long as its segment, or into the caller's buffer.
struct LocatedRecord {
  format::DecodedRecord record;
  RecordRef ref;
  SegmentFile* segment = nullptr;
  bool is_checked = true;  // false: only of read_or_head, which has neither looked at the checksum nor at the payload
};

/// How much of a segment's file to map, so that what is appended shows there; the file's size if that is more.
struct SegmentRoom {
  std::uint64_t mapped = 0;
};

/// Threads: what is const, from any thread, for addresses that were handed over to it after `add` or `extend_last` returned and
/// whose segment is kept: by a Guard in `readers()`, by a PinnedAddressSpace, or by the owner's lock. The rest exclude each other, by
/// that lock.
class AddressSpace final : log::SegmentAttachments {
 public:
  /// @param registry  of no files yet, which becomes this space's
  AddressSpace(std::shared_ptr<log::SegmentRegistry> registry, ReadPath read_path);
  ~AddressSpace();

  /// The registry of files: the log's, if the store is open for writing. Must not be used once the space is gone.
  [[nodiscard]] const std::shared_ptr<log::SegmentRegistry>& registry() const noexcept { return registry_; }

  // Growing.

  /// The registry has got `segment`, whose file is open now. What cannot be mapped is read with `pread`.
  /// @param may_map  false for a segment that another process's writer may cut
  [[gnu::cold]] void added(log::SegmentFile& segment, safeatomic::File& file, bool may_map = true) noexcept;

  /// Gives all offsets below `end` of the last segment addresses. Throws std::bad_alloc.
  /// @return invalid_argument when 256 TiB are used up
  [[nodiscard]] Result<void> cover_last(std::uint64_t end) {
    return last().extents.cover(end) ? Result<void>() : no_addresses(last_id());
  }

  /// Reserves what `len` more bytes need, whether they go to the end of the last segment or, after a rotation, into a new one: whatever
  /// can fail fails before anything is appended. Throws std::bad_alloc.
  /// @return invalid_argument when 256 TiB are used up
  [[nodiscard]] Result<void> make_room(std::uint64_t len) {
    const std::uint64_t end = last().end.load(std::memory_order_relaxed) + len;
    if (end <= last().extents.end() && len <= spare_end_) [[likely]]
      return {};
    return get_room(end, len);
  }

  /// The last segment has grown: everything below `end` is whole records.
  void extend_last(std::uint64_t end) noexcept { last().end.store(end, std::memory_order_release); }

  /// The last segment is appended to through `file` from now on, and ends at `end`. No reader is there yet. Throws
  /// std::bad_alloc.
  /// @param room  of this segment, and of those that follow it
  /// @return invalid_argument when 256 TiB are used up
  [[nodiscard, gnu::cold]] Result<void> begin_appending(const std::shared_ptr<safeatomic::File>& file,
                                                        std::uint64_t end, const SegmentRoom& room);

  /// The last segment will not grow any more: it is `segment`, whose file is open. Another one will follow; there must be no reader now.
  [[gnu::cold]] void seal_last(const log::PinnedSegment& segment, safeatomic::File& file) noexcept;

  // Rewriting.

  /// Adds what `old` was rewritten to, not complete; both are there until one is removed. Throws std::bad_alloc; nothing is added
  /// then.
  /// @return invalid_argument when 256 TiB are used up
  [[nodiscard, gnu::cold]] Result<std::shared_ptr<SegmentFile>> add_rewritten(const SegmentFile& old,
                                                                              const safeatomic::FileInfo& info,
                                                                              safeatomic::File& file);

  /// A file taken out of the space. Its destructor frees the file once every reader that may have an address in it has left, so the
  /// owner's lock must not be held then.
  class Removed {
   public:
    Removed() = default;
    Removed(Removed&&) noexcept = default;
    Removed& operator=(Removed&&) = delete;
    ~Removed() {
      if (!file_) return;
      address_space_->readers_->wait_for_readers();
      address_space_->keep_for_pinned(*file_);
    }

   private:
    friend class AddressSpace;
    Removed(std::shared_ptr<SegmentFile> file, AddressSpace& space) : file_(std::move(file)), address_space_(&space) {}
    std::shared_ptr<SegmentFile> file_;
    AddressSpace* address_space_ = nullptr;
  };

  /// Takes out a file that has no name and to which no address of the index leads any more.
  /// @return nothing, and nothing is done, if it has a name or live records
  [[nodiscard]] Removed remove(const SegmentFile& segment) noexcept;

  // Looking up.

  [[nodiscard]] ReaderEpochs& readers() const noexcept { return *readers_; }

  /// The store's.
  [[nodiscard]] const safeatomic::Directory& directory() const noexcept { return *registry_->directory(); }

  /// The address of a record in the last segment.
  [[nodiscard]] std::uint64_t address_in_last(std::uint64_t offset) const noexcept {
    return last().extents.address(offset);
  }

  /// Where in its file the record at `address` lies.
  [[nodiscard]] std::uint64_t offset_of(std::uint64_t address) const noexcept { return extents_.find(address).offset; }

  /// The last segment; there is one.
  [[nodiscard]] SegmentFile& last() const noexcept { return with_addresses(registry_->last()); }
  /// The id of the last segment; 0 if there is none.
  [[nodiscard]] std::uint32_t last_id() const noexcept { return registry_->last_id(); }

  /// Calls `visit(file)` for the files that there are now, in log order. By the owner's lock.
  template <class Visit>
  void for_each_file(Visit&& visit) const {
    for (const auto& [key, file] : registry_->files()) visit(std::as_const(with_addresses(*file)));
  }

  /// The file that bears the segment's name; null if there is none.
  [[nodiscard]] std::shared_ptr<SegmentFile> find(std::uint32_t id) const noexcept {
    return with_addresses(registry_->find(id));
  }

  /// Whether any segment behind that one holds a record. By the owner's lock.
  [[nodiscard]] bool has_records_behind(std::uint32_t id) const noexcept;

  /// The record at `address`, its header, its extent and its CRC checked.
  /// @param buffer  holds the bytes where the segment is not mapped
  /// @return corruption naming segment and offset, or that the address leads nowhere; io; snapshot_expired
  [[nodiscard]] Result<LocatedRecord> read(std::uint64_t address, std::string& buffer) const {
    const ExtentTable::Place place = extents_.find(address);
    if (place.segment == nullptr) [[unlikely]]
      return leads_nowhere(nullptr, address);
    return read_in<format::max_frame_len>(*place.segment, place.offset, buffer);
  }

  /// The same, but of a record longer than `longest` only the header and the key are read.
  template <std::uint64_t longest>
  [[nodiscard]] Result<LocatedRecord> read_or_head(std::uint64_t address, std::string& buffer) const {
    const ExtentTable::Place place = extents_.find(address);
    if (place.segment == nullptr) [[unlikely]]
      return leads_nowhere(nullptr, address);
    return read_in<longest>(*place.segment, place.offset, buffer);
  }
  /// What header and key say of a record that the caller has checked, if its key has `key_len` bytes; else all of it, checked once
  /// more. One short read where the segment is not mapped.
  [[nodiscard]] Result<LocatedRecord> read_key(std::uint64_t address, std::size_t key_len, std::string& buffer) const;

  /// In bytes. A longer record takes microseconds to read, even from the cache.
  static constexpr std::uint64_t long_record = 64 * 1024;
  /// In bytes. A longer record takes longer to read than asking the index whether the key is right.
  static constexpr std::uint64_t worth_skipping = 1024;

  /// Starts fetching the record at `address`.
  void prefetch(std::uint64_t address) const noexcept;

  // Counting. By the owner's lock; while a log is replayed, by whoever folds.

  /// Of all segments together.
  [[nodiscard]] const SegmentCounts& counts() const noexcept { return counts_; }
  /// One more record in `segment`; a Put is not live yet.
  void count(SegmentFile& segment, RecordType type, std::uint32_t len) noexcept {
    kv::count(segment.counts, type, len);
    kv::count(counts_, type, len);
  }
  /// More records in `segment`.
  void count(SegmentFile& segment, const SegmentCounts& more) noexcept {
    segment.counts += more;
    counts_ += more;
  }
  /// A Put of `len` bytes in `segment` is the newest record of its key.
  void count_live(SegmentFile& segment, std::uint32_t len) noexcept {
    segment.counts.live_bytes += len;
    counts_.live_bytes += len;
  }
  /// That Put is no longer the newest.
  void count_dead(SegmentFile& segment, std::uint32_t len) noexcept {
    segment.counts.live_bytes -= len;
    counts_.live_bytes -= len;
  }
  /// `from` was rewritten to `to`, which holds `counts`; its live records are about to be moved.
  void count_rewritten(SegmentFile& from, SegmentFile& to, const SegmentCounts& counts) noexcept;

  /// Bytes of tombstones in a sealed segment that were found to be needed when it was last looked at. Nothing if that no longer holds,
  /// because a Put may have gone from a segment before it.
  [[nodiscard]] std::uint64_t needed_tombstone_bytes(const SegmentFile& segment) const noexcept;
  void note_needed_tombstones(SegmentFile& segment, std::uint64_t bytes) noexcept;
  /// Superseded Puts have gone from the segment `id`.
  void note_puts_gone(std::uint32_t id) noexcept;

 private:
  friend class PinnedAddressSpace;

  [[nodiscard, gnu::cold]] Result<void> get_room(std::uint64_t last_end, std::uint64_t len);
  [[nodiscard, gnu::cold]] std::unexpected<Error> no_addresses(std::uint32_t id) const;
  [[nodiscard]] std::shared_ptr<log::SegmentFile> make_file() override;
  void rotated(log::SegmentFile& sealed, log::SegmentFile& next,
               const std::shared_ptr<safeatomic::File>& file) noexcept override;
  void keep_for_pinned(SegmentFile& removed) noexcept;
  [[gnu::cold]] void map(SegmentFile& segment, safeatomic::File& file, std::uint64_t length) const noexcept;
  template <std::uint64_t longest>
  [[nodiscard]] Result<LocatedRecord> read_in(SegmentFile& segment, std::uint64_t offset, std::string& buffer) const;
  [[nodiscard]] Result<LocatedRecord> head_in(SegmentFile& segment, std::uint64_t offset, std::uint64_t end,
                                              std::string_view begin, std::string& buffer) const;
  [[nodiscard]] Result<std::string_view> bytes_of(const SegmentFile& segment, std::uint64_t offset, std::uint64_t end,
                                                  std::uint64_t longest, std::string& buffer) const;
  [[nodiscard, gnu::cold]] std::unexpected<Error> leads_nowhere(const SegmentFile* segment, std::uint64_t offset) const;
  [[nodiscard, gnu::cold]] std::unexpected<Error> damaged(const SegmentFile& segment, std::uint64_t offset,
                                                          format::Stop stop) const;

  const ReadPath read_path_;
  ExtentTable extents_;  // before all that has extents
  const std::shared_ptr<log::SegmentRegistry> registry_;
  SegmentRoom room_;
  std::uint64_t spare_end_ = 0;  // of the extents that the next segment has already
  SegmentCounts counts_;
  // When Puts went from which segment, as far as nothing has gone from an earlier one since: so both ascend.
  struct PutsGone {
    std::uint64_t at;
    std::uint32_t id;
  };
  std::vector<PutsGone> puts_gone_;
  std::uint64_t puts_gone_now_ = 0;

  const std::unique_ptr<ReaderEpochs> readers_ = std::make_unique<ReaderEpochs>();
  mutable RemovedFiles removed_;
};

/// The records of one instant, kept as long as this object lives, whatever is rewritten meanwhile: by their mappings, otherwise by
/// descriptors as far as there are any to spare (kept_files.hpp); what cannot be kept is snapshot_expired. Made under the owner's lock;
/// must not outlive the space.
class PinnedAddressSpace {
 public:
  /// Throws std::bad_alloc.
  explicit PinnedAddressSpace(const AddressSpace& space) : address_space_(&space), instant_(space.removed_.pin()) {}
  PinnedAddressSpace(PinnedAddressSpace&& other) noexcept
      : address_space_(std::exchange(other.address_space_, nullptr)), instant_(other.instant_) {}
  /// The same instant once more; needs no lock. Throws std::bad_alloc.
  PinnedAddressSpace(const PinnedAddressSpace& other) : address_space_(other.address_space_), instant_(other.instant_) {
    address_space_->removed_.pin(instant_);
  }
  PinnedAddressSpace& operator=(PinnedAddressSpace&&) = delete;
  ~PinnedAddressSpace() {
    if (address_space_ != nullptr) address_space_->removed_.unpin(instant_);
  }

  [[nodiscard]] Result<LocatedRecord> read(std::uint64_t address, std::string& buffer) const {
    return address_space_->read(address, buffer);
  }
  template <std::uint64_t longest>
  [[nodiscard]] Result<LocatedRecord> read_or_head(std::uint64_t address, std::string& buffer) const {
    return address_space_->read_or_head<longest>(address, buffer);
  }
  void prefetch(std::uint64_t address) const noexcept { address_space_->prefetch(address); }
  [[nodiscard]] const safeatomic::Directory& directory() const noexcept { return address_space_->directory(); }

 private:
  const AddressSpace* address_space_;
  std::uint64_t instant_;
};

}  // namespace datawal::kv
