#include "base/output_file.hpp"

#include <utility>

#include <safeatomic/io.hpp>

#include "base/io_error.hpp"

namespace datawal::kv {

namespace {

constexpr std::size_t buffer_len = 1 << 20;  // bytes: writing that many dwarfs the cost of a system call

}  // namespace

Result<OutputFile> OutputFile::create(safeatomic::FileSystem& file_system, safeatomic::Directory& directory,
                                      std::uint32_t mode, std::string_view action) {
  safeatomic::Result<safeatomic::TemporaryFile> file = safeatomic::TemporaryFile::create(file_system, directory, mode);
  if (!file) return io_failure(file, action);
  OutputFile output(directory, std::move(*file), action);
  output.buffer_.reserve(buffer_len);
  return output;
}

Result<void> OutputFile::append(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > buffer_len) {
    if (Result<void> flushed = flush(); !flushed) return flushed;
  }
  if (bytes.size() <= buffer_len) {
    buffer_.append(bytes);
    return {};
  }
  safeatomic::Result<void> written = safeatomic::write_all(file_.file(), flushed_, bytes);
  if (!written) return io_failure(written, action_);
  flushed_ += bytes.size();
  return {};
}

Result<void> OutputFile::flush() {
  safeatomic::Result<void> written = safeatomic::write_all(file_.file(), flushed_, buffer_);
  if (!written) return io_failure(written, action_);
  flushed_ += buffer_.size();
  buffer_.clear();
  return {};
}

Result<void> OutputFile::sync() {
  if (Result<void> flushed = flush(); !flushed) return flushed;
  if (safeatomic::Result<void> synced = file_.file().sync_all(); !synced) return io_failure(synced, action_);
  return {};
}

Result<void> OutputFile::sync_name() {
  if (safeatomic::Result<void> synced = directory_->sync(); !synced) return io_failure(synced, "sync directory");
  return {};
}

Result<void> OutputFile::replace(std::string_view name) {
  const safeatomic::Result<std::unique_ptr<safeatomic::File>> there = directory_->open_file(name, {.inspect = true});
  if (!there && there.error().code == safeatomic::Errc::not_regular) {
    return std::unexpected(Error{.code = Errc::invalid_argument,
                                 .action = action_,
                                 .path = directory_->path() / name,
                                 .detail = "it is there and is not a regular file"});
  }
  if (there) {
    const safeatomic::Result<safeatomic::Access> access = safeatomic::access_of(**there);
    if (!access) return io_failure(access, action_);
    const safeatomic::Result<void> owned = file_.take_ownership_of(*access, safeatomic::KeepAccess::exactly);
    if (!owned) return io_failure(owned, action_);
  } else if (there.error().code != safeatomic::Errc::not_found) {
    return io_failure(there, action_);
  }
  if (Result<void> synced = sync(); !synced) return synced;
  if (safeatomic::Result<void> named = file_.publish_over(name); !named) return io_failure(named, action_);
  return sync_name();
}

Result<void> OutputFile::publish(std::string_view name) {
  if (Result<void> synced = sync(); !synced) return synced;
  const safeatomic::Result<bool> named = file_.publish_new(name);
  if (!named) return io_failure(named, action_);
  if (!*named) {
    return std::unexpected(Error{.code = Errc::already_exists, .action = action_, .path = directory_->path() / name});
  }
  return sync_name();
}

}  // namespace datawal::kv
