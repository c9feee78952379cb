#include "kv/compaction/segment_output.hpp"

#include <thread>
#include <utility>

#include "base/io_error.hpp"

namespace datawal::kv {

namespace {

constexpr std::size_t block_len = 1 << 20;  // bytes
// A thread costs as much as writing some 100 KiB.
constexpr std::uint64_t written_without_thread = 2ULL << 20;

}  // namespace

SegmentOutput::SegmentOutput(safeatomic::FileSystem& file_system, safeatomic::Directory& directory, std::uint32_t mode,
                             std::function<bool()> may_use_thread)
    : file_system_(file_system),
      directory_(directory),
      mode_(mode),
      may_use_thread_(std::move(may_use_thread)),
      has_no_thread_(std::thread::hardware_concurrency() < 2) {
  buffer_.reserve(block_len);
}

Result<void> SegmentOutput::append(std::string_view frame) {
  if (buffer_.size() + frame.size() > block_len) {
    if (Result<void> done = hand_over(); !done) return done;
  }
  if (frame.size() > block_len) return write(frame);
  buffer_.append(frame);
  return {};
}

Result<std::optional<safeatomic::TemporaryFile>> SegmentOutput::finish() {
  if (Result<void> done = hand_over(); !done) return propagate(done);
  if (behind_) {
    if (safeatomic::Result<void> done = behind_->wait(); !done) return io_failure(done, "compact segment");
    behind_.reset();
  }
  return std::move(file_);
}

Result<void> SegmentOutput::make_file() {
  if (file_) return {};
  safeatomic::Result<safeatomic::TemporaryFile> made = safeatomic::TemporaryFile::create(file_system_, directory_,
                                                                                         mode_);
  if (!made) return io_failure(made, "compact segment");
  file_.emplace(std::move(*made));
  writer_.emplace(file_->file());
  return {};
}

Result<void> SegmentOutput::hand_over() {
  if (buffer_.empty()) return {};
  const std::size_t length = buffer_.size();
  if (!has_thread()) {
    if (Result<void> done = write(buffer_); !done) return done;
    buffer_.clear();
    return {};
  }
  if (safeatomic::Result<void> done = behind_->write(buffer_); !done) return io_failure(done, "compact segment");
  handed_over_ += length;
  return {};
}

Result<void> SegmentOutput::write(std::string_view frame) {
  if (Result<void> made = make_file(); !made) return made;
  safeatomic::Result<void> done = behind_ ? behind_->wait() : safeatomic::Result<void>();
  if (done) done = writer_->write(frame);
  if (!done) return io_failure(done, "compact segment");
  handed_over_ += frame.size();
  return {};
}

bool SegmentOutput::has_thread() {
  if (has_no_thread_ || handed_over_ < written_without_thread || !may_use_thread_()) return false;
  if (behind_) return true;
  Result<std::unique_ptr<WriteBehind>> started = WriteBehind::start(*writer_);
  has_no_thread_ = !started;  // it takes longer, that is all
  if (started) behind_ = std::move(*started);
  return behind_ != nullptr;
}

}  // namespace datawal::kv
