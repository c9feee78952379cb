#pragma once
// One state of a store, to be walked while the store is changed.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/options.hpp>

#include "kv/projection/key_reader.hpp"
#include "kv/projection/log_order.hpp"
#include "kv/projection/projection.hpp"
#include "kv/records/address_space.hpp"

namespace datawal::kv {

/// The live records at one instant, whatever is put, erased or compacted later.
///
/// Threads: what is const, from any thread.
class LiveView {
 public:
  /// A view of what `projection` shows now, which it pins; 8 bytes a record. With the lock of its owner. Throws std::bad_alloc.
  explicit LiveView(std::shared_ptr<const Projection> projection);
  /// A view of what `directory` knew of the same projection at the pinned instant. Needs no lock.
  LiveView(std::shared_ptr<const Projection> projection, PinnedAddressSpace space, LogOrder order, std::uint64_t bytes,
           const KeyDirectory& directory);

  /// Reads what was not in memory of the index, and sorts the records into the order of the log; needs no lock. Until then it is of no use.
  /// Errors as DirectoryWalk::finish.
  [[nodiscard]] Result<void> complete();
  /// Sorts them by key. Errors as read_key().
  [[nodiscard]] Result<void> sort_by_key();
  /// Keeps only those for which `is_wanted(key)` is true. Errors as read_key().
  template <class IsWanted>
  [[nodiscard]] Result<void> filter(IsWanted&& is_wanted);

  /// How many there are.
  [[nodiscard]] std::size_t size() const noexcept { return addresses_.size(); }
  [[nodiscard]] const PinnedAddressSpace& address_space() const noexcept { return address_space_; }

  /// The record `n`, below size(). Errors as AddressSpace::read.
  [[nodiscard]] Result<LocatedRecord> read(std::size_t n, std::string& buffer) const {
    return address_space_.read(addresses_[n], buffer);
  }
  /// The same, but of a long record only the key is read, and confirmed by the index; the value is valid only if is_checked.
  [[nodiscard]] Result<LocatedRecord> read_key(std::size_t n, std::string& buffer) const {
    return KeyReader(*projection_, address_space_).read(addresses_[n], buffer);
  }

  /// Starts fetching what is read some records behind `n`.
  void prefetch_behind(std::size_t n) const noexcept {
    constexpr std::size_t records_ahead = 16;
    if (n + records_ahead < addresses_.size()) address_space_.prefetch(addresses_[n + records_ahead]);
  }

  /// The first record, in the order of the keys, whose key is not less than `key`; size() if there is none. They are sorted by key.
  [[nodiscard]] Result<std::size_t> lower_bound(std::string_view key) const;

  /// Calls `visit(record)`, which returns Result<bool> (false stops), for each record in its turn. Errors as AddressSpace::read, or the
  /// visitor's.
  template <class Visit>
  [[nodiscard]] Result<void> for_each(const ProgressCallback& on_progress, Visit&& visit) const;

  /// Calls `visit(key)`, which returns bool, for each key in its turn. Errors as read_key().
  template <class Visit>
  [[nodiscard]] Result<void> for_each_key(Visit&& visit) const;

 private:
  std::shared_ptr<const Projection> projection_;  // outlives what is pinned of it
  PinnedAddressSpace address_space_;
  LogOrder log_order_;
  DirectoryWalk walk_;  // until complete()
  std::vector<std::uint64_t> addresses_{};
  std::uint64_t bytes_;  // of all these frames together
};

template <class IsWanted>
Result<void> LiveView::filter(IsWanted&& is_wanted) {
  std::string buffer;
  std::size_t kept = 0;
  for (std::size_t n = 0; n < addresses_.size(); ++n) {
    prefetch_behind(n);
    Result<LocatedRecord> located = read_key(n, buffer);
    if (!located) return propagate(located);
    if (is_wanted(located->record.key)) addresses_[kept++] = addresses_[n];
  }
  addresses_.resize(kept);
  return {};
}

template <class Visit>
Result<void> LiveView::for_each(const ProgressCallback& on_progress, Visit&& visit) const {
  constexpr std::uint64_t bytes_between_calls = 4 << 20;
  std::string buffer;
  Progress progress{.bytes_total = bytes_};
  std::uint64_t done = 0;
  for (std::size_t n = 0; n < addresses_.size(); ++n) {
    prefetch_behind(n);
    Result<LocatedRecord> located = read(n, buffer);
    if (!located) return propagate(located);
    done += located->ref.len;
    Result<bool> goes_on = visit(located->record);
    if (!goes_on) return propagate(goes_on);
    if (!*goes_on) return {};
    if (on_progress && done >= progress.bytes_done + bytes_between_calls) {
      progress.bytes_done = done;
      on_progress(progress);
    }
  }
  if (on_progress) on_progress({.bytes_done = bytes_, .bytes_total = bytes_});
  return {};
}

template <class Visit>
Result<void> LiveView::for_each_key(Visit&& visit) const {
  std::string buffer;
  for (std::size_t n = 0; n < addresses_.size(); ++n) {
    prefetch_behind(n);
    Result<LocatedRecord> located = read_key(n, buffer);
    if (!located) return propagate(located);
    if (!visit(located->record.key)) return {};
  }
  return {};
}

}  // namespace datawal::kv
