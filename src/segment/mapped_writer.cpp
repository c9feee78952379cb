#include "segment/mapped_writer.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <new>
#include <utility>

#include <safeatomic/io.hpp>

#include "base/io_error.hpp"

namespace datawal::segment {

namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t huge_page = 2 * 1024 * 1024;

// From this size on a copy by the kernel costs less than one into fresh pages. Measured; huge pages are cheaper to prepare.
constexpr std::uint64_t max_copied = 8 * 1024;
constexpr std::uint64_t max_copied_huge = 32 * 1024;

// This many bytes after a sync go by `pwrite`: about as many frames as would cost one page fault each.
constexpr std::uint64_t by_call_after_sync = 4 * 1024;
// And this many where pages may be huge: the first store to one would make the next sync write 2 MiB.
constexpr std::uint64_t by_call_in_huge_pages = 64 * 1024;

constexpr std::uint64_t min_ready_step = 16 * 1024;
constexpr std::uint64_t max_ready_step = 1024 * 1024;
constexpr std::uint64_t huge_after = 1024 * 1024;  // bytes without a sync

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) noexcept {
  return (value + unit - 1) / unit * unit;
}

// How often a piece is tried again. One takes some ten microseconds.
constexpr int max_interruptions = 1000;

bool is_interruption(const safeatomic::Result<void>& result) noexcept {
  return !result && result.error().code == safeatomic::Errc::interrupted;
}

// Makes stores before it visible before stores after it.
void order_stores() noexcept {
#if defined(__x86_64__)
  std::atomic_signal_fence(std::memory_order_release);  // the processor keeps the order itself
#else
  std::atomic_thread_fence(std::memory_order_release);
#endif
}

}  // namespace

MappedWriter::MappedWriter(std::shared_ptr<safeatomic::File> file, std::uint64_t end, std::uint64_t max_bytes) noexcept
    : Writer(std::move(file), end),
      max_bytes_(max_bytes),
      reserved_end_(end),
      file_end_(end),
      synced_end_(end),
      by_call_until_(end + by_call_after_sync) {
  set_room_end(end);
}

Result<void> MappedWriter::make_room(std::uint64_t len) { return reserve(end() + len); }

Result<void> MappedWriter::reserve(std::uint64_t needed) {
  const std::uint64_t wanted = without_excess(round_up(needed, chunk_), needed);
  safeatomic::Result<void> reserved = try_reserve(wanted);
  if (is_interruption(reserved)) reserved = try_reserve(wanted);
  if (!reserved && reserved.error().code == safeatomic::Errc::unsupported) {
    set_room_end(without_end);  // from now on this is the append path
    return {};
  }
  if (!reserved) {
    chunk_ = min_chunk;
    reserved = reserve_least(needed);
  } else {
    chunk_ = std::min(2 * chunk_, max_chunk);
  }
  if (!reserved) return io_failure(reserved, "reserve space for segment");
  can_map_ = true;
  return {};
}

std::uint64_t MappedWriter::without_excess(std::uint64_t wanted, std::uint64_t needed) const noexcept {
  return max_bytes_ != 0 ? std::min(wanted, std::max(max_bytes_, needed)) : wanted;
}

// For a disk or a limit with hardly any room: down to the byte if need be. For a filesystem that undoes an allocation when a signal
// comes, as older tmpfs do, beside a fast timer: in pieces.
safeatomic::Result<void> MappedWriter::reserve_least(std::uint64_t needed) {
  std::uint64_t least = without_excess(round_up(needed, page), needed);
  std::uint64_t piece = least - reserved_end_;
  int interruptions_left = max_interruptions;
  for (;;) {
    safeatomic::Result<void> reserved = try_reserve(std::min(reserved_end_ + piece, least));
    if (reserved && reserved_end_ >= needed) return reserved;
    if (reserved) continue;
    if (is_interruption(reserved) && interruptions_left-- > 0) {
      piece = std::min(piece, min_chunk);
    } else if (reserved.error().code == safeatomic::Errc::no_space && least > needed) {
      least = needed;
    } else {
      return reserved;
    }
  }
}

safeatomic::Result<void> MappedWriter::try_reserve(std::uint64_t to) {
  file_end_ = std::max(file_end_, to);
  safeatomic::Result<void> reserved = file()->reserve(reserved_end_, to - reserved_end_);
  if (reserved) {
    reserved_end_ = to;
    set_room_end(to);
  } else if (file()->truncate(reserved_end_)) {  // frees what it may have allocated
    file_end_ = reserved_end_;
  }
  return reserved;
}

bool MappedWriter::copy(std::string_view frames) noexcept {
  const std::uint64_t begin = end();
  const std::uint64_t len = frames.size();
  const bool may_be_huge = is_huge_ || begin - synced_end_ >= huge_after;
  if (len > (may_be_huge ? max_copied_huge : max_copied) || begin < by_call_until_ || begin + len > reserved_end_)
    return false;
  if (!is_ready_for(len)) return false;
  const auto at = static_cast<std::size_t>(begin - mapped_begin_);
  constexpr std::size_t first = format::magic.size();
  mapping_->write(at + first, frames.substr(first));
  order_stores();  // for readers elsewhere; here nobody looks beyond end()
  mapping_->write(at, frames.substr(0, first));
  return true;
}

safeatomic::Result<void> MappedWriter::put(Parts parts, std::uint64_t len) {
  const std::uint64_t begin = end();
  file_end_ = std::max(file_end_, begin + len);
  if (len <= max_copied || begin + len > reserved_end_) return Writer::put(parts, len);
  const std::string_view publication = parts.front().substr(0, format::magic.size());
  std::array<std::string_view, 4> rest{};
  std::ranges::copy(parts, rest.begin());
  rest.front().remove_prefix(publication.size());
  safeatomic::Result<void> body = safeatomic::write_all(*file(), begin + publication.size(),
                                                        Parts(rest).first(parts.size()));
  if (!body) return body;
  return safeatomic::write_all(*file(), begin, publication);
}

// True if the next `len` bytes after end() can be stored through the mapping.
bool MappedWriter::is_ready_for(std::uint64_t len) noexcept {
  const std::uint64_t needed = end() + len;
  if (needed <= ready_end_ && mapping_ != nullptr) [[likely]]
    return true;
  try {
    if ((mapping_ == nullptr || needed > mapped_end_) && !map()) return false;
    return get_pages_ready(needed);
  } catch (const std::bad_alloc&) {
    drop_mapping();
    return false;
  }
}

bool MappedWriter::map() {
  drop_mapping();
  if (!can_map_) return false;
  mapped_begin_ = end() / huge_page * huge_page;
  can_map_ = false;
  try {
    safeatomic::Result<std::unique_ptr<safeatomic::Mapping>> mapping = file()->map(
        safeatomic::MapAccess::read_write, mapped_begin_, static_cast<std::size_t>(reserved_end_ - mapped_begin_));
    if (!mapping) return false;
    mapping_ = std::move(*mapping);
  } catch (const std::bad_alloc&) {
    return false;  // frames then go by call
  }
  can_map_ = true;
  mapped_end_ = reserved_end_;
  return true;
}

bool MappedWriter::get_pages_ready(std::uint64_t needed) {
  const std::uint64_t since_sync = end() - synced_end_;
  if (!is_huge_ && since_sync >= huge_after) is_huge_ = mapping_->prefer_huge_pages().has_value();
  const std::uint64_t ahead = std::clamp(since_sync, min_ready_step, max_ready_step);
  const std::uint64_t unit = is_huge_ ? huge_page : page;
  const std::uint64_t from = std::max(ready_end_, end());
  const std::uint64_t to = std::min(round_up(needed + (is_huge_ ? 0 : ahead), unit), mapped_end_);
  const safeatomic::Result<void> ready = mapping_->populate(static_cast<std::size_t>(from - mapped_begin_),
                                                            static_cast<std::size_t>(to - from));
  // An older kernel cannot: there the first store to each page faults it in.
  if (!ready && ready.error().code != safeatomic::Errc::unsupported) {
    drop_mapping();
    can_map_ = false;
    return false;
  }
  ready_end_ = to;
  if (is_huge_) huge_end_ = to;
  return true;
}

void MappedWriter::drop_mapping() noexcept {
  mapping_.reset();
  mapped_begin_ = mapped_end_ = ready_end_ = 0;
  is_huge_ = false;
}

void MappedWriter::was_synced(bool asked_for) noexcept {
  ready_end_ = 0;  // they are clean now: a store to one would wait for the filesystem
  if (!asked_for) return;
  synced_end_ = end();
  by_call_until_ = end() + (end() < huge_end_ ? by_call_in_huge_pages : by_call_after_sync);
  if (is_huge_) drop_mapping();
}

Result<void> MappedWriter::cut_to_end() {
  if (file_end_ <= end()) return {};
  drop_mapping();
  reserved_end_ = end();  // whether or not the next call succeeds
  if (room_end() != without_end) set_room_end(end());
  if (safeatomic::Result<void> done = cut(); !done) return io_failure(done, "cut reserved space off segment");
  return {};
}

void MappedWriter::was_cut() noexcept {
  drop_mapping();
  reserved_end_ = file_end_ = end();
  if (room_end() != without_end) set_room_end(end());
  chunk_ = min_chunk;
}

}  // namespace datawal::segment
