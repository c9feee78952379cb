#pragma once
// The key directory: from the hash of a key to where its record may lie. It holds no keys; whoever asks confirms the key
// against the record. About 16 to 17 bytes per key at any number of keys.
//
// 16 parts of extendible hashing. A part finds the page of a tag (32 bits of the hash) in a table by the tag's leading bits;
// a page that has become full is split by the next bit, so growing costs microseconds at a time. All pages of a part fill
// up and split at about the same size: so the parts take unequal shares of the hashes, in steps of 2^(1/16), and at any
// time some have just split and some are about to. Together they are always about two thirds full.
//
// Where splitting does not help, with equal hashes, pages are chained.
//
// Pages may lie in a file until somebody needs them: unloaded_pages.hpp. With a limit on memory they go back there: limited_pages.hpp.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <datawal/error.hpp>

#include "kv/index/frozen_directory.hpp"
#include "kv/index/limited_pages.hpp"
#include "kv/index/page_arena.hpp"
#include "kv/index/page_directory.hpp"
#include "kv/index/saved_chain.hpp"
#include "kv/index/saved_pages.hpp"
#include "kv/index/striped_seqlock.hpp"
#include "kv/index/unloaded_pages.hpp"

namespace datawal::kv {

/// Where the key with a hash may lie: addresses inserted under that hash, and rarely one of another hash. Those of one
/// instant, but not necessarily all of them: see `has_more`.
class Candidates {
 public:
  static constexpr std::uint32_t capacity = 6;

  [[nodiscard]] std::span<const std::uint64_t> addresses() const noexcept { return {addresses_.data(), count_}; }
  /// There may be further ones: KeyDirectory::advance().
  [[nodiscard]] bool has_more() const noexcept { return has_more_; }
  /// Nothing is known of that hash: its page is on file. KeyDirectory::load().
  [[nodiscard]] bool is_on_file() const noexcept { return (head_ & on_file_bit) != 0; }

 private:
  friend class KeyDirectory;
  explicit Candidates(std::uint32_t tag) noexcept : tag_(tag) {}

  std::array<std::uint64_t, capacity> addresses_;  // the first count_ are set
  std::uint64_t sequence_ = 0;
  std::uint32_t tag_;
  std::uint32_t head_ = 0;
  // Where advance() goes on: page, buckets passed since the home, slots of the next bucket not yet looked at.
  std::uint32_t page_ = 0;
  std::uint32_t passed_ = 0;
  std::uint32_t unseen_ = 0;
  std::uint32_t count_ = 0;
  bool has_more_ = false;
};

/// How a look-up ended.
enum class Lookup : std::uint8_t {
  confirmed,
  absent,   ///< at some instant during the call there was no candidate to be confirmed
  on_file,  ///< its page is on file: load() it
};

/// Threads: `find`, `advance`, `is_unchanged`, `look_up`, `lookup`, `prefetch` and `size` from any thread at any time; they write
/// nothing that is shared, but which pages are used where memory is limited, and wait only for a writer that is inside the same page, for a
/// microsecond. `load`, `load_all` and `contains_or_load` from any thread too. All others exclude each other, by the caller's lock. An address that was inserted and not erased is found at every time in between, and a
/// replaced one as either the old or the new one.
class KeyDirectory {
 public:
  /// For lookups by whoever needs no protection.
  struct Unprotected {
    void operator()() const noexcept {}
  };

  KeyDirectory();  ///< Throws std::bad_alloc. Takes about 20 KiB.

  /// The candidates for a hash.
  [[nodiscard]] Candidates find(std::uint64_t hash) const noexcept;

  /// Replaces the candidates by the next ones, of the same instant; there may be none.
  /// @return false if the page was written meanwhile: start over with find()
  [[nodiscard]] bool advance(Candidates& candidates) const noexcept { return collect(candidates); }

  /// Whether the directory would still give the same answer. Who could confirm no candidate asks this: if it was changed, the
  /// key may have moved from one address to another between find() and the look at the record.
  [[nodiscard]] bool is_unchanged(const Candidates& candidates) const noexcept {
    return seqlock_.is_unchanged(candidates.head_, candidates.sequence_);
  }

  /// Calls `confirm(address)` for one candidate after the other until it says true. Starts over if something was written
  /// and none was confirmed, so an address may come twice.
  /// @param protect  called before the first address is handed over; every address handed over was in the directory
  ///   at some time after that
  template <class Confirm, class Protect = Unprotected>
  [[nodiscard]] Lookup look_up(std::uint64_t hash, Confirm&& confirm, Protect&& protect = {}) const {
    bool is_protected = std::is_same_v<Protect, Unprotected>;
    for (;;) {
      Candidates candidates = find(hash);
      if (candidates.is_on_file()) [[unlikely]]
        return Lookup::on_file;
      if (!is_protected && (candidates.has_more() || !candidates.addresses().empty())) {
        protect();
        is_protected = true;
        if (!is_unchanged(candidates)) continue;
      }
      bool seen_any = false;
      do {
        for (const std::uint64_t address : candidates.addresses()) {
          if (confirm(address)) return Lookup::confirmed;
          seen_any = true;
        }
      } while (candidates.has_more() && advance(candidates));
      if (!candidates.has_more() && (!seen_any || is_unchanged(candidates))) return Lookup::absent;
    }
  }

  /// The same where all pages are loaded.
  template <class Confirm, class Protect = Unprotected>
  bool lookup(std::uint64_t hash, Confirm&& confirm, Protect&& protect = {}) const {
    return look_up(hash, std::forward<Confirm>(confirm), std::forward<Protect>(protect)) == Lookup::confirmed;
  }

  /// Whether there is such an entry: true if it is there throughout the call, false if it is not there throughout, or its page is on
  /// file.
  [[nodiscard]] bool contains(std::uint64_t hash, std::uint64_t address) const {
    return lookup(hash, [address](std::uint64_t candidate) { return candidate == address; });
  }

  /// The same, for certain. Errors as load().
  [[nodiscard]] Result<bool> contains_or_load(std::uint64_t hash, std::uint64_t address) const;

  /// Whether there may be an entry of that hash; true if its page is on file. For who excludes all changes, and holds its page where memory is
  /// limited: cheaper than find().
  [[nodiscard]] bool may_contain(std::uint64_t hash) const noexcept;

  /// Starts fetching what find() or replace() of that hash will touch; worth it some 100 ns ahead.
  void prefetch(std::uint64_t hash) const noexcept;

  /// Starts fetching what find() and then insert(), replace() or erase() of that hash will touch; worth it some 100 ns
  /// ahead.
  void prefetch_for_change(std::uint64_t hash) const noexcept;

  /// Entries that are there.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

  /// Sees to it that the next `inserts` calls of insert() cannot fail. Throws std::bad_alloc; nothing changed then.
  void reserve(std::uint64_t inserts = 1) {
    if (limited_) [[unlikely]]
      return reserve_limited(inserts);
    arena_.reserve(inserts <= 1 ? inserts : pages_for(inserts));
  }

  // A page must be loaded before one of its entries is changed; where memory is limited, held.

  /// Adds an entry, also if there is an equal one. Throws std::bad_alloc if it was not reserved; nothing changed then.
  /// @param address  below address_limit (48 bits)
  void insert(std::uint64_t hash, std::uint64_t address);

  /// Puts `to` in the place of `from`. @return false if there is no such entry
  bool replace(std::uint64_t hash, std::uint64_t from, std::uint64_t to) noexcept;

  /// Removes one entry. @return false if there is no such entry
  bool erase(std::uint64_t hash, std::uint64_t address) noexcept;

  /// Calls `visit(address)` for every entry, in no order. All pages are loaded; load_all(). Memory is not limited. `visit` must not change
  /// the directory.
  template <class Visit>
  void for_each(Visit&& visit) const {
    arena_.for_each([&](const Page& page) { page.for_each([&](const Entry& entry) { visit(entry.address); }); });
  }
  /// What every entry leads to, in no order: what is in memory now, the rest by DirectoryWalk::finish(). All pages are loaded, or memory is
  /// limited. Throws std::bad_alloc.
  [[nodiscard]] DirectoryWalk begin_walk() const;

  /// From now on it takes about so many bytes of memory, 0: as many as it needs; pages that were loaded and not changed make room for
  /// others. It is empty and nobody uses it yet. More is taken by what was changed since the last adopt(), and by a page or two.
  /// Throws std::bad_alloc.
  void limit_memory(std::uint64_t bytes);
  [[nodiscard]] bool is_limited() const noexcept { return limited_ != nullptr; }
  /// Where memory is limited: sees to it that the page of a hash is in memory, and stays there until what is about to be changed is
  /// saved. By the owner's lock, which is not given back before that is done. Errors as load().
  [[nodiscard]] Result<void> hold(std::uint64_t hash) const {
    if (!limited_) [[likely]]
      return {};
    return load_limited(hash, IsHeld::yes);
  }
  /// Where memory is limited: what was frozen last is written, as `next` says. What is as it was then is on file there from now on, and
  /// the file before is let go. Throws std::bad_alloc; nothing changed then.
  /// @return false if `next` is not of that instant: nothing changed
  [[nodiscard, gnu::cold]] bool adopt(std::shared_ptr<const SavedGeneration> next);
  /// Where memory is limited: takes out what is too much, some at a time. By any thread. @return whether there is more to be done
  [[gnu::cold]] bool shrink();
  /// Nothing in a forked child where memory is limited.
  [[nodiscard]] DirectoryMemory memory() const noexcept;

  /// Makes room for a copy of a directory with so many pages(), and touches it. This one is empty. Throws std::bad_alloc.
  void prepare_copy(std::uint64_t pages) { arena_.prepare_copy(pages); }
  /// Becomes a copy of `other`, which nobody changes meanwhile: 4 KiB a page are copied. This one is empty. Throws std::bad_alloc.
  void copy(const KeyDirectory& other);
  /// Becomes what `saved` says, with all its pages on file. This one is empty and nobody uses it yet. Throws std::bad_alloc.
  /// @param saved  whose tables are complete, each page's range once
  void restore(SavedDirectory saved, std::shared_ptr<PageSource> source);

  /// Sees to it that the page of a hash is loaded. Takes some microseconds, once.
  /// @return as PageSource: the page cannot be had, and nothing is known of its hashes. Throws std::bad_alloc.
  [[nodiscard, gnu::cold]] Result<void> load(std::uint64_t hash) const;

  /// Sees to it that all pages are loaded; a microsecond a page. Where memory is limited only that they can be. Errors as load().
  /// @param goes_on  asked in between; once it says no, the rest stays on file
  [[nodiscard, gnu::cold]] Result<void> load_all(const std::function<bool()>& goes_on) const;
  [[nodiscard]] Result<void> load_all() const {
    if (!has_pages_on_file() && !limited_) [[likely]]
      return {};
    return load_all([] { return true; });
  }
  [[nodiscard]] bool has_pages_on_file() const noexcept {
    return unloaded_ && !unloaded_->is_all_loaded.load(std::memory_order_acquire);
  }

  /// Calls `visit_part(part, depth)`, and then `visit_page(tag, pages)` for each page of its table in the order of their tags: it and
  /// those chained to it. All pages are loaded.
  template <class VisitPart, class VisitPage>
  void for_each_chain(VisitPart&& visit_part, VisitPage&& visit_page) const {
    std::vector<const Page*> chain;
    for (std::size_t part = 0; part < part_count; ++part) {
      visit_part(part, parts_[part].depth());
      parts_[part].for_each([this](std::uint32_t number) { return arena_.at(number).depth(); },
                            [&](std::uint32_t tag, std::uint32_t number) {
                              chain.clear();
                              for (; number != PageArena::none; number = arena_.at(number).next()) {
                                chain.push_back(&arena_.at(number));
                              }
                              visit_page(tag, std::span<const Page* const>(chain));
                            });
    }
  }

  [[nodiscard]] DirectoryExtent extent() const noexcept;
  /// From now on, until thaw(), each chain is copied to `frozen`, which is new and outlives that, before it is changed. All pages are
  /// loaded, or memory is limited.
  /// @return false if `frozen` has no room for that: nothing happened; prepare() it
  [[nodiscard]] bool freeze(FrozenDirectory& frozen) noexcept;
  void thaw() noexcept {
    const Exclusive alone(limited_.get());
    frozen_ = nullptr;
  }
  /// Gets some chains as they were when it was frozen, each once; what is in `chains` is done with. Between two calls the owner's lock
  /// may be given back. Throws std::bad_alloc.
  /// @return what the overflow said, now or before
  [[nodiscard]] Result<void> take_frozen(std::span<const FrozenDirectory::Head> heads,
                                         std::vector<FrozenChain>& chains);

  /// What it is made of, in memory and on file.
  [[nodiscard]] std::uint64_t pages() const noexcept;

  /// Bytes of memory it takes.
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept { return memory().bytes; }

 private:
  /// An entry's place.
  struct Place {
    std::uint32_t head;
    std::uint32_t page;
    Slot slot;
  };

  /// While it lives, the chain of `head` is changed. It is not changed without.
  class Change {
   public:
    Change(KeyDirectory& directory, std::uint32_t head) noexcept : writing_(directory.handed_over(head), head) {}

   private:
    StripedSeqlock::WriteSection writing_;
  };

  [[nodiscard]] StripedSeqlock& handed_over(std::uint32_t head) noexcept {
    if (arena_.at(head).epoch() != epoch_) [[unlikely]]
      keep_frozen(head);
    if (limited_) [[unlikely]]
      make_dirty(head);
    return seqlock_;
  }
  [[gnu::cold]] void keep_frozen(std::uint32_t head) const noexcept;
  [[nodiscard]] DirectoryExtent extent_now() const noexcept;
  [[nodiscard]] std::uint32_t take_page() noexcept;
  [[nodiscard]] std::uint64_t pages_for(std::uint64_t inserts) const noexcept;
  [[nodiscard]] const PageDirectory& part_of(std::uint64_t hash) const noexcept;
  [[nodiscard]] PageDirectory& part_of(std::uint64_t hash) noexcept;
  [[nodiscard]] bool grow(PageDirectory& part) noexcept;
  [[nodiscard]] Result<void> load(PageDirectory& part, const SavedPage& saved, std::string_view bytes) const
      DATAWAL_REQUIRES(unloaded_->mutex);
  [[nodiscard]] Result<void> load_group(std::size_t begin, std::size_t end, std::string& buffer) const;
  // Where memory is limited; with the mutex but for the first four.
  void reserve_limited(std::uint64_t inserts);
  enum class IsHeld : bool { no, yes };
  [[nodiscard]] Result<void> load_limited(std::uint64_t hash, IsHeld is_held) const;
  void copy_limited(const KeyDirectory& other);
  void restore_tables(const SavedDirectory& saved);
  void restore_limited(SavedDirectory saved, std::shared_ptr<PageSource> source);
  [[nodiscard]] std::uint32_t copy_chain(const KeyDirectory& other, std::uint32_t from);
  void hold_chain(std::uint32_t head) const noexcept;
  void make_dirty(std::uint32_t head) const noexcept;
  void add_clean(std::uint32_t head, std::uint32_t saved, std::uint64_t pages) const;
  void remove_clean(std::uint32_t head) const noexcept;
  void place(PageDirectory& part, std::uint32_t saved, const Chain& chain) const;
  void make_room(std::uint64_t pages) const noexcept;
  [[nodiscard]] bool evict_one() const noexcept;
  void evict(std::uint32_t head) const noexcept;
  [[nodiscard]] std::uint64_t fixed_bytes() const noexcept;
  [[nodiscard]] bool is_too_much(std::uint64_t more) const noexcept;
  [[nodiscard]] const SavedPage& saved_at(std::uint32_t word) const noexcept {
    return limited_->saved->directory.pages[word & ~on_file_bit];
  }
  [[nodiscard]] std::uint32_t depth_of(std::uint32_t word) const noexcept {
    return (word & on_file_bit) != 0 ? saved_at(word).depth : arena_.at(word).depth();
  }

  [[nodiscard]] bool collect(Candidates& candidates) const noexcept;
  [[nodiscard]] bool locate(std::uint64_t hash, std::uint64_t address, Place& place) const noexcept;

  [[nodiscard]] Page& last_of_chain(Page& head) const noexcept;
  [[nodiscard]] bool wants_split(const Page& head) const noexcept;
  [[nodiscard]] bool gather(const Page& head) noexcept;
  bool split(PageDirectory& part, std::uint32_t head, std::uint32_t tag) noexcept;
  void empty_chain(Page& head) noexcept;
  void append(Page& head, Entry entry) noexcept;
  void remove(Page& head, Page& page, Slot slot) noexcept;

  // Readers use these and the writer seldom changes them. Loading a page, and taking one out, changes nothing that is seen.
  mutable std::array<PageDirectory, part_count> parts_;
  mutable PageArena arena_;
  UsedPages* used_ = nullptr;  // null: memory is not limited
  mutable StripedSeqlock seqlock_;

  alignas(64) std::atomic<std::uint64_t> size_{0};
  std::unique_ptr<UnloadedPages> unloaded_;  // null: none ever was
  std::unique_ptr<LimitedPages> limited_;    // null: memory is not limited

  FrozenDirectory* frozen_ = nullptr;
  std::uint32_t epoch_ = 0;  // of pages that need not be handed over

  // The entries of a chain while it is split.
  std::unique_ptr<Entry[]> gathered_;
  std::size_t gathered_count_ = 0;
  std::size_t gathered_capacity_ = 0;
};

}  // namespace datawal::kv
