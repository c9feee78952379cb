#include "log/saved/log_state.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <numeric>
#include <utility>

#include <safeatomic/temporary.hpp>

#include "format/frame.hpp"
#include "log/directory/store_directory.hpp"
#include "log/saved/saved_output.hpp"

namespace datawal::log {

Result<void> write_state(safeatomic::FileSystem& file_system, safeatomic::Directory& directory,
                         const StateImage& image) {
  Result<safeatomic::TemporaryFile> file = make_saved_file(file_system, directory, state_name);
  if (!file) return propagate(file);
  if (Result<void> written = write_saved_metadata(file->file(), image.header, image.metadata); !written) return written;
  return publish_saved(*file, state_name, [] { return Result<void>(); });
}

void LogState::goes_on_behind(const SavedLog& saved, const safeatomic::FileInfo& last) noexcept {
  try {
    segments_.assign(saved.segments.begin(), saved.segments.end());
    segments_.back().modified_ns = static_cast<std::uint64_t>(last.modified_ns);
  } catch (const std::bad_alloc&) {
    is_lost_ = true;
  }
  saved_ = saved.header.last;
  saved_inode_ = saved.segments.back().inode;
  saved_modified_ns_ = saved.segments.back().modified_ns;
  bytes_behind_ = 0;
}

void LogState::enter(std::uint32_t id, const safeatomic::FileInfo& info) noexcept {
  if (is_lost_) return;
  try {
    segments_.push_back({.id = id, .inode = info.inode, .modified_ns = static_cast<std::uint64_t>(info.modified_ns)});
  } catch (const std::bad_alloc&) {
    is_lost_ = true;
  }
}

void LogState::add(std::string_view frames) noexcept {
  while (!frames.empty()) {
    const format::Header header = format::load_header(frames.data());
    const std::uint64_t len = format::frame_len(header);
    const auto crc = format::load<std::uint32_t>(frames.data() + len - format::crc_len);
    add(header.type, header.txid, static_cast<std::uint32_t>(len), crc);
    frames.remove_prefix(static_cast<std::size_t>(len));
  }
}

void LogState::seal(const safeatomic::FileInfo& sealed) noexcept {
  if (is_lost_) return;
  SavedSegment& last = segments_.back();
  last.inode = sealed.inode;
  last.modified_ns = static_cast<std::uint64_t>(sealed.modified_ns);
  is_lost_ = sealed.size != last.counts.bytes;
}

void LogState::forget(std::uint32_t id) noexcept {
  const auto found = std::ranges::lower_bound(segments_, id, {}, &SavedSegment::id);
  if (found != segments_.end() && found->id == id) segments_.erase(found);
}

// Bytes of the log that an open with this state would read: those behind P and, if P's segment was changed since, those before it in that
// segment. All of them if that is another file by now, as recovery makes of one that has several names.
std::uint64_t LogState::cost_of_opening(const safeatomic::FileInfo& last) const noexcept {
  if (saved_.txid == 0) return bytes_behind_;
  const auto found = std::ranges::lower_bound(segments_, saved_.segment, {}, &SavedSegment::id);
  if (found == segments_.end() || found->id != saved_.segment) return bytes_behind_;
  const bool is_last = found + 1 == segments_.end();
  const std::uint64_t inode = is_last ? last.inode : found->inode;
  const std::uint64_t modified_ns = is_last ? static_cast<std::uint64_t>(last.modified_ns) : found->modified_ns;
  if (inode == saved_inode_) {
    return bytes_behind_ + (modified_ns != saved_modified_ns_ ? saved_.offset + saved_.len : 0);
  }
  return std::accumulate(segments_.begin(), segments_.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const SavedSegment& segment) { return sum + segment.counts.bytes; });
}

// It may take at most a sixteenth of the bytes that it saves an open from reading: so no rotation writes out of proportion, however many
// segments there are. Less often than at close, since it costs a sync for which appends wait, and serves only after a crash.
bool LogState::is_worth_rotating(const safeatomic::FileInfo& last) const noexcept {
  constexpr std::uint64_t share = 16;
  const std::uint64_t part = cost_of_opening(last) / share;
  return options_.write_at_rotation && !is_lost_ && part >= options_.least_bytes && part >= state_bytes();
}

// Reading a byte of the log takes about as long as writing one of the state: it may cost at most ten times what it saves.
bool LogState::is_worth_closing(const safeatomic::FileInfo& last) const noexcept {
  constexpr std::uint64_t times = 10;
  const std::uint64_t cost = cost_of_opening(last);
  return options_.write_at_close && !is_lost_ && cost != 0 && cost >= options_.least_bytes &&
         cost >= state_bytes() / times;
}

std::optional<StateImage> LogState::image(const safeatomic::FileInfo& last, std::uint64_t end) const {
  if (is_lost_ || segments_.empty() || segments_.back().counts.bytes != end || last.size < end) return std::nullopt;
  const auto newest = std::find_if(segments_.rbegin(), segments_.rend(),
                                   [](const SavedSegment& segment) { return segment.counts.bytes > 0; });
  if (newest == segments_.rend()) return std::nullopt;
  StateImage image;
  const auto count = static_cast<std::size_t>(segments_.rend() - newest);
  const std::uint64_t bytes = saved_header_len + count * saved_segment_len;
  const std::uint64_t pages_begin = (bytes + saved_page_len - 1) / saved_page_len * saved_page_len;
  image.metadata.reserve(static_cast<std::size_t>(pages_begin - saved_header_len));
  for (auto segment = segments_.begin(); segment != newest.base(); ++segment) {
    SavedSegment now = *segment;
    now.size = now.counts.bytes;
    if (segment + 1 == segments_.end()) {
      now.inode = last.inode;
      now.modified_ns = static_cast<std::uint64_t>(last.modified_ns);
    }
    image.inode = now.inode;
    image.modified_ns = now.modified_ns;
    const std::array<char, saved_segment_len> encoded = encode_saved_segment(now);
    image.metadata.append(encoded.data(), encoded.size());
  }
  image.metadata.resize(static_cast<std::size_t>(pages_begin - saved_header_len));
  const RecordChain& chain = newest->chain;
  image.header = {.generation = 1,
                  .last = {.segment = newest->id,
                           .offset = newest->counts.bytes - chain.last_len,
                           .len = chain.last_len,
                           .txid = chain.last_txid,
                           .crc = chain.last_crc},
                  .segments = static_cast<std::uint32_t>(count),
                  .last_txid = chain.last_txid,
                  .pages_begin = pages_begin};
  return image;
}

void LogState::saved(const StateImage& image) noexcept {
  saved_ = image.header.last;
  saved_inode_ = image.inode;
  saved_modified_ns_ = image.modified_ns;
  bytes_behind_ = 0;
}

}  // namespace datawal::log
