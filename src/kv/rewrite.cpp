#include "kv/rewrite.hpp"

#include <string>
#include <string_view>
#include <utility>

#include <datawal/segment.hpp>
#include <safeatomic/io.hpp>

#include "format/frame.hpp"
#include "format/seam_error.hpp"
#include "log/store_directory.hpp"
#include "segment/scanner.hpp"

namespace datawal::kv {

namespace {

constexpr std::size_t buffer_len = 1 << 20;            // bytes handed to one write
constexpr std::uint64_t writeback_step = 16ULL << 20;  // so that the sync at the end has little left to do

// The temporary, made with the first frame: a segment of which nothing is left needs no room at all.
class Output {
 public:
  Output(const LogCore& core, std::uint32_t mode) : core_(core), mode_(mode) { buffer_.reserve(buffer_len); }

  Result<void> append(std::string_view frame) {
    if (buffer_.size() + frame.size() > buffer_len) {
      if (Result<void> flushed = flush(); !flushed) return flushed;
    }
    if (frame.size() <= buffer_len) {
      buffer_.append(frame);
      return {};
    }
    return write(frame);
  }

  Result<void> flush() {
    if (buffer_.empty()) return {};
    Result<void> written = write(buffer_);
    buffer_.clear();
    return written;
  }

  [[nodiscard]] std::uint64_t size() const noexcept { return written_ + buffer_.size(); }
  [[nodiscard]] std::optional<safeatomic::TemporaryFile> take() noexcept { return std::move(file_); }

 private:
  Result<void> write(std::string_view bytes) {
    if (!file_) {
      safeatomic::Result<safeatomic::TemporaryFile> made = safeatomic::TemporaryFile::create(
          file_system_of(core_.options().file_system), *core_.directory(), mode_);
      if (!made) return format::lift(made, "compact segment");
      file_.emplace(std::move(*made));
    }
    if (safeatomic::Result<void> done = safeatomic::write_all(file_->file(), written_, bytes); !done) {
      return format::lift(done, "compact segment");
    }
    written_ += bytes.size();
    if (written_ - started_ >= writeback_step) {
      (void)file_->file().start_writeback(started_, written_ - started_);
      started_ = written_;
    }
    return {};
  }

  const LogCore& core_;
  const std::uint32_t mode_;
  std::optional<safeatomic::TemporaryFile> file_;
  std::string buffer_;
  std::uint64_t written_ = 0;
  std::uint64_t started_ = 0;
};

// Which of its records a segment cannot do without.
class Judge {
 public:
  Judge(const LogCore& core, const Projection& projection, const SpaceSegment& segment, const EarlierPuts& earlier,
        bool may_be_newest)
      : core_(core), projection_(projection), segment_(segment), earlier_(earlier), may_be_newest_(may_be_newest) {}

  enum class Need : std::uint8_t { none, tombstone, other };

  [[nodiscard]] Need need_for(const format::DecodedRecord& frame, std::uint64_t offset) const {
    if (frame.type == RecordType::Raw) return Need::other;
    const std::uint64_t hash = projection_.hash_of(frame.key);
    if (frame.type == RecordType::Delete && earlier_.may_hold(hash)) return Need::tombstone;
    if (frame.type == RecordType::Put && projection_.points_to(hash, segment_.base + offset)) return Need::other;
    const bool is_last_of_all = may_be_newest_ && offset + frame.len == segment_.pinned.info.size;
    return is_last_of_all || frame.txid == core_.last_txid() ? Need::other : Need::none;
  }

 private:
  const LogCore& core_;
  const Projection& projection_;
  const SpaceSegment& segment_;
  const EarlierPuts& earlier_;
  const bool may_be_newest_;
};

std::unexpected<Error> damaged(const LogCore& core, std::uint32_t id, std::uint64_t offset, format::Stop stop) {
  return std::unexpected(Error{.code = Errc::corruption,
                               .action = "compact segment",
                               .path = segment::path(core.directory()->path(), id),
                               .segment = id,
                               .offset = offset,
                               .detail = std::string(format::describe(stop))});
}

}  // namespace

Result<Rewritten> rewrite(const LogCore& core, const Projection& projection, const SpaceSegment& segment,
                          safeatomic::File& old, const EarlierPuts& earlier, bool may_be_newest, const GoOn& go_on) {
  const Judge judge(core, projection, segment, earlier, may_be_newest);
  Rewritten rewritten;
  Output output(core, core.options().file_mode);
  segment::Scanner scanner;
  scanner.start(old, 0, segment.pinned.info.size);
  std::uint64_t told = 0;
  std::uint64_t distance = 0;
  for (;;) {
    Result<format::Stop> stop = scanner.next();
    if (!stop) return propagate(stop);
    if (*stop == format::Stop::end_of_input && scanner.end() == segment.pinned.info.size) break;
    if (*stop != format::Stop::none) return damaged(core, segment.id, scanner.end(), *stop);
    const std::uint64_t done = scanner.end() + output.size();
    if (done - told >= buffer_len) {
      if (!go_on(done - std::exchange(told, done))) {
        rewritten.is_cancelled = true;
        return rewritten;
      }
    }
    const format::DecodedRecord& frame = scanner.frame();
    const Judge::Need need = judge.need_for(frame, scanner.frame_offset());
    if (need == Judge::Need::none) continue;
    if (need == Judge::Need::tombstone) rewritten.needed_tombstone_bytes += frame.len;
    if (rewritten.records == 0 || scanner.frame_offset() - output.size() != distance) {
      distance = scanner.frame_offset() - output.size();
      rewritten.runs.push_back({.begin = output.size(), .distance = distance});
    }
    ++rewritten.records;
    count(rewritten.counts, frame.type, static_cast<std::uint32_t>(frame.len));
    if (Result<void> kept = output.append({frame.key.data() - format::header_len, frame.len}); !kept) {
      return propagate(kept);
    }
  }
  rewritten.is_unchanged = output.size() == segment.pinned.info.size;
  if (rewritten.is_unchanged) return rewritten;
  if (Result<void> flushed = output.flush(); !flushed) return propagate(flushed);
  (void)go_on(scanner.end() + output.size() - told);
  rewritten.file = output.take();
  return rewritten;
}

}  // namespace datawal::kv
