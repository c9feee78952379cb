#pragma once
// The last-write-wins fold of a log: which keys live, and where.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <datawal/conditional.hpp>
#include <datawal/error.hpp>
#include <datawal/options.hpp>
#include <datawal/record.hpp>
#include <datawal/values.hpp>

#include "kv/index/key_directory.hpp"
#include "kv/index/key_hash.hpp"
#include "kv/projection/fold_batch.hpp"
#include "kv/records/address_space.hpp"

namespace datawal::kv {

/// A Put for which the fold met a newer record.
struct Superseded {
  std::uint32_t segment = 0;
  std::uint64_t offset = 0;
  std::uint32_t len = 0;
  std::uint32_t by_segment = 0;  ///< where the newer one lies
  std::uint64_t by_offset = 0;
  std::string_view key{};  ///< valid during the call
};

/// Threads: `get` and `size` from any thread at any time; the rest exclude each other, by the caller's lock.
class Projection {
 public:
  /// @param segments  of no files yet
  Projection(std::shared_ptr<log::SegmentRegistry> segments, ReadPath read_path);
  /// @param seed  of the hashes, where they must be those of another one
  /// @param memory_limit  of its directory, as KeyDirectory::limit_memory
  Projection(std::shared_ptr<log::SegmentRegistry> segments, ReadPath read_path, std::uint64_t seed,
             std::uint64_t memory_limit = 0);

  /// Its directory becomes what `saved` says, before anything is folded. As KeyDirectory::restore.
  void restore(SavedDirectory saved, std::shared_ptr<PageSource> source) {
    directory_.restore(std::move(saved), std::move(source));
  }
  /// Needs no lock. As KeyDirectory::load_all: before a walk, a copy of the directory, or a compaction.
  [[nodiscard]] Result<void> load_all() const { return directory_.load_all(); }

  /// Applies the next records of a log, in log order.
  void fold(const FoldBatch& batch);

  /// All that is folded was read and checked by this process just before: fold() compares keys and does not check again what it replaces.
  void trusts_what_it_folded() noexcept { is_trusting_ = true; }

  /// Called by fold() for each Put that a record of the batch supersedes.
  void on_superseded(std::function<void(const Superseded&)> callback) { on_superseded_ = std::move(callback); }

  /// After the last batch.
  /// @return the first thing that went wrong in fold(): a record that could not be read back
  [[nodiscard, gnu::cold]] Result<void> finish_fold();

  /// The value of a live key. Checks key, type and CRC in the record itself.
  [[nodiscard]] Answer<std::optional<std::string>> get(std::string_view key) const;

  /// Copies as much of the value as fits into `room`. @return the whole length of the value
  [[nodiscard]] Answer<std::optional<std::size_t>> get(std::string_view key, std::span<char> room) const;

  /// The value of a live key, and where its record is.
  [[nodiscard]] Answer<std::optional<StoredValue>> find_value(std::string_view key) const;

  /// get() of many keys.
  [[nodiscard]] Result<void> multi_get(std::span<const std::string_view> keys, Values& values) const;

  /// Where the live record of a key is; nullopt if it has none.
  [[nodiscard]] Result<std::optional<RecordRef>> find(std::string_view key) const;

  /// Makes room for so many more keys. Throws std::bad_alloc; nothing changed then.
  void reserve(std::uint64_t keys = 1) { directory_.reserve(keys); }

  /// Prepares a change of `key`: finds what it replaces. corruption if a record that may be its own is damaged. What is prepared is of use
  /// until the lock is given back.
  struct Change {
    std::uint64_t hash = 0;
    std::optional<std::uint64_t> live{};  ///< address of its live record
    std::uint32_t live_len = 0;           ///< bytes of that frame
    std::uint32_t live_crc = 0;
    std::uint64_t live_txid = 0;
    SegmentFile* live_segment = nullptr;  ///< where it lies
    bool is_unchecked = false;            ///< nothing is prepared: a long record must be checked first
  };
  /// Long records that a change may replace. Reading and checking them takes too long for the caller's lock.
  struct LongRecords {
    struct Checked {
      std::uint64_t address = 0;
      std::uint32_t crc = 0;  ///< the record's
    };
    std::vector<Checked> checked{};          ///< found sound, by a reader who is still in; ascending
    std::vector<std::uint64_t> unchecked{};  ///< to be checked
  };
  /// @param hash   hash_of(key)
  /// @param longs  in: those that are checked already; out: those that must be. If there are any, enter readers(), release the lock,
  ///               call check(), and try again. Null: `is_unchecked` alone tells that there are any
  [[nodiscard]] Result<Change> prepare(std::string_view key, std::uint64_t hash, LongRecords* longs) const;
  /// The same for callers that hold up nobody: long records are checked at once.
  [[nodiscard]] Result<Change> prepare(std::string_view key, std::uint64_t hash) const;

  /// Reads the unchecked ones; then they are checked. Needs no lock, but a Guard that began before it was given back.
  /// @return as AddressSpace::read
  [[nodiscard]] Result<void> check(LongRecords& longs) const;

  /// Starts fetching what a change of that hash will touch; needs no lock.
  void prefetch_for_change(std::uint64_t hash) const noexcept { directory_.prefetch_for_change(hash); }
  /// How many changes ahead are worth fetching; measured: more hides no more latency.
  static constexpr std::size_t fetched_ahead = 32;

  /// The record that a prepared change will replace; nullopt if there is none. As long as nothing was changed.
  [[nodiscard]] std::optional<RecordRef> live_ref(const Change& change) const noexcept;

  /// A change prepared before an earlier record of the same key, which now lies at `ref` in the last segment, replaces that one.
  void replaces(Change& change, RecordType type, const RecordRef& ref) noexcept;

  /// The record of a prepared change now lies at `ref` in the last segment of the space.
  void apply(const Change& change, RecordType type, const RecordRef& ref) noexcept;

  /// Applies a record at `ref` in `segment`. `change`, which was prepared, is null if a newer record of its key is applied as well.
  void apply_in(SegmentFile& segment, const Change* change, RecordType type, const RecordRef& ref) noexcept;

  [[nodiscard]] std::uint64_t size() const noexcept { return directory_.size(); }
  /// Of all segments together.
  [[nodiscard]] const SegmentCounts& counts() const noexcept { return address_space_.counts(); }
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept { return directory_.memory_bytes(); }

  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }

  /// The hash under which the directory knows a key.
  [[nodiscard]] std::uint64_t hash_of(std::string_view key) const noexcept { return key_hash(key, seed_); }

  /// Whether the record at `address` is the newest of its key; false too if that is not known without reading a page of the directory.
  /// Any thread; a change beside it may or may not be seen.
  [[nodiscard]] bool points_to(std::uint64_t hash, std::uint64_t address) const {
    return directory_.contains(hash, address);
  }
  /// The same, for certain. Errors as KeyDirectory::load.
  [[nodiscard]] Result<bool> is_newest(std::uint64_t hash, std::uint64_t address) const {
    return directory_.contains_or_load(hash, address);
  }
  /// Starts fetching what points_to() or move() of that hash needs.
  void prefetch(std::uint64_t hash) const noexcept { directory_.prefetch(hash); }
  /// The record at `from` now lies at `to`. @return false if it is not the newest of its key any more. Errors as KeyDirectory::load;
  /// nothing changed then.
  [[nodiscard]] Result<bool> move(std::uint64_t hash, std::uint64_t from, std::uint64_t to) {
    if (Result<void> held = directory_.hold(hash); !held) return propagate(held);
    return directory_.replace(hash, from, to);
  }

  /// Of all live records.
  [[nodiscard]] const KeyDirectory& directory() const noexcept { return directory_; }
  [[nodiscard]] KeyDirectory& directory() noexcept { return directory_; }

  [[nodiscard]] AddressSpace& address_space() noexcept { return address_space_; }
  [[nodiscard]] const AddressSpace& address_space() const noexcept { return address_space_; }

 private:
  [[gnu::cold]] static std::optional<std::uint32_t> checked_crc(std::uint64_t address, LongRecords* longs);
  bool fold(SegmentFile& segment, const FoldBatch::Item& item, std::string_view key);
  void prefetch_live(std::uint64_t hash) const noexcept;
  void change(SegmentFile& segment, const Change& change, RecordType type, std::uint64_t address, std::uint32_t len);

  template <class Confirmed>
  [[nodiscard]] Result<bool> look_up(std::string_view key, Confirmed&& confirmed) const;
  template <class Confirmed>
  [[nodiscard]] Result<bool> locate(std::string_view key, std::uint64_t hash, std::string& buffer,
                                    Confirmed&& confirmed) const;

  const std::uint64_t seed_;
  AddressSpace address_space_;
  KeyDirectory directory_;

  bool expects_live_ = false;  // the last batch replaced or erased so much that the next one is to be prepared for it
  bool is_trusting_ = false;
  std::string fold_buffer_;
  std::function<void(const Superseded&)> on_superseded_;
  std::optional<Error> fold_error_;
};

}  // namespace datawal::kv
