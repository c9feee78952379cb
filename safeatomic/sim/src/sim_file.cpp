#include <algorithm>
#include <string>

#include "machine.hpp"
#include "sim_mapping.hpp"

namespace safeatomic::sim::detail {

namespace {

constexpr std::size_t write_parts_max = 16;

/// How many of the `size` bytes of a read or write at `offset` are done.
std::size_t done_of(const Injection& injection, std::uint64_t offset, std::size_t size) noexcept {
  const auto at_most = [size](std::uint64_t bytes) {
    return static_cast<std::size_t>(std::min<std::uint64_t>(bytes, size));
  };
  switch (injection.fault) {
    case Fault::none:
    case Fault::interrupted:
    case Fault::power_loss: return size;
    case Fault::eio:
    case Fault::eio_dropped: return at_most(injection.bytes.value_or(size));
    case Fault::enospc: return at_most(injection.bytes.value_or(size / 2));
    case Fault::short_write: return at_most(std::max<std::uint64_t>(injection.bytes.value_or(size / 2), 1));
    case Fault::process_kill: {
      const std::size_t done = at_most(injection.bytes.value_or(0));
      const std::uint64_t end_of_page = (offset + done) / page_bytes * page_bytes;
      if (done == size) return size;
      return end_of_page > offset ? static_cast<std::size_t>(end_of_page - offset) : 0;
    }
  }
  return size;
}

class SimFile final : public File {
 public:
  SimFile(Machine& machine, NodeRef node, std::filesystem::path path, bool can_write)
      : opening_(machine, std::move(node), std::move(path), &Usage::files), can_write_(can_write) {}

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return opening_.path(); }
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override;
  [[nodiscard]] Result<std::size_t> write_at(std::uint64_t offset, std::span<const std::string_view> parts) override;
  [[nodiscard]] Result<DataRange> append(std::string_view bytes) override;
  [[nodiscard]] Result<void> truncate(std::uint64_t size) override;
  [[nodiscard]] Result<void> reserve(std::uint64_t offset, std::uint64_t length) override;
  [[nodiscard]] Result<void> sync_data() override { return sync(OpKind::sync_data); }
  [[nodiscard]] Result<void> sync_all() override { return sync(OpKind::sync_all); }
  Result<void> start_writeback(std::uint64_t offset, std::uint64_t length) override {
    return opening_.run("start writeback of", operation(OpKind::start_writeback, offset, length),
                        []() -> Result<void> { return {}; });
  }
  [[nodiscard]] Result<FileInfo> info() const override {
    return opening_.run("inspect", operation(OpKind::file_info), [&]() -> Result<FileInfo> { return info_of(node()); });
  }
  [[nodiscard]] Result<std::optional<DataRange>> next_data(std::uint64_t offset) override {
    return opening_.run("find data in", operation(OpKind::next_data, offset),
                        [&]() -> Result<std::optional<DataRange>> { return node().body.next_data(offset); });
  }
  [[nodiscard]] Result<std::unique_ptr<Mapping>> map(MapAccess access, std::uint64_t offset,
                                                     std::size_t length) override {
    return opening_.run("map", operation(OpKind::map, offset, length), [&]() -> Result<std::unique_ptr<Mapping>> {
      if (access == MapAccess::read_write && !can_write_) return failed("map", path(), EACCES);
      return SimMapping::make(opening_, offset, length);
    });
  }
  [[nodiscard]] Result<void> copy_ownership(const FileInfo& like) override {
    return opening_.run("change owner of", operation(OpKind::copy_ownership), [&]() -> Result<void> {
      opening_.machine().change_attributes(node(),
                                           {.mode = like.mode & 0777U, .owner = like.owner, .group = like.group});
      return {};
    });
  }
  [[nodiscard]] Result<bool> try_lock(LockKind kind) override {
    return opening_.run("lock", operation(OpKind::lock_file),
                        [&]() -> Result<bool> { return opening_.try_lock(holder(kind)); });
  }
  Result<void> unlock(LockKind kind) override {
    return opening_.run("unlock", operation(OpKind::unlock_file), [&]() -> Result<void> {
      opening_.unlock(holder(kind));
      return {};
    });
  }
  [[nodiscard]] Result<bool> is_locked() const override {
    return opening_.run("query lock of", operation(OpKind::is_locked), [&]() -> Result<bool> {
      return node().record_holder != nullptr && node().record_holder != &opening_;
    });
  }

 private:
  [[nodiscard]] Node& node() const noexcept { return *opening_.node(); }
  [[nodiscard]] const void*& holder(LockKind kind) const noexcept {
    return kind == LockKind::flock ? node().flock_holder : node().record_holder;
  }
  [[nodiscard]] Operation operation(OpKind kind, std::uint64_t offset = 0, std::uint64_t size = 0) const noexcept {
    return {.kind = kind, .directory = path().native(), .offset = offset, .size = size};
  }
  /// A write at `offset`, or an append there; under the machine's lock.
  [[nodiscard]] Result<std::size_t> write_bytes(OpKind kind, std::string_view action, std::uint64_t offset,
                                                std::string_view bytes);
  [[nodiscard]] Result<void> sync(OpKind kind);

  Opening opening_;
  bool can_write_;
};

Result<std::size_t> SimFile::read_at(std::uint64_t offset, std::span<char> into) {
  const std::scoped_lock guard(opening_.machine().mutex);
  Injection injection;
  int reason = opening_.begin(operation(OpKind::read, offset, into.size()), injection);
  if (reason == 0) reason = injection.fault == Fault::interrupted ? EINTR : Machine::errno_of(injection.fault);
  if (reason == 0 && offset > offset_max) reason = EINVAL;
  if (reason != 0) return failed("read", path(), reason);
  return node().body.read(offset, into.first(done_of(injection, offset, into.size())));
}

Result<std::size_t> SimFile::write_at(std::uint64_t offset, std::span<const std::string_view> parts) {
  const std::scoped_lock guard(opening_.machine().mutex);
  if (parts.size() == 1) return write_bytes(OpKind::write, "write", offset, parts.front());
  std::string bytes;
  for (const std::string_view part : parts) bytes += part;
  if (parts.size() <= write_parts_max) return write_bytes(OpKind::write, "write", offset, bytes);
  Injection ignored;
  static_cast<void>(opening_.begin(operation(OpKind::write, offset, bytes.size()), ignored));
  return std::unexpected(Error{Errc::invalid_argument, "write", path(), EINVAL});
}

Result<DataRange> SimFile::append(std::string_view bytes) {
  const std::scoped_lock guard(opening_.machine().mutex);
  const std::uint64_t begin = node().body.size();
  const Result<std::size_t> written = write_bytes(OpKind::append, "append to", begin, bytes);
  if (!written) return propagate(written);
  return DataRange{.begin = begin, .end = begin + *written};
}

Result<std::size_t> SimFile::write_bytes(OpKind kind, std::string_view action, std::uint64_t offset,
                                         std::string_view bytes) {
  Injection injection;
  int reason = opening_.begin(operation(kind, offset, bytes.size()), injection);
  const bool is_killed = reason != 0 && injection.fault == Fault::process_kill;
  if (reason != 0 && !is_killed) return failed(action, path(), reason);
  if (!can_write_) return failed(action, path(), EBADF);
  if (offset > offset_max || bytes.size() > offset_max - offset) return failed(action, path(), EINVAL);
  if (injection.fault == Fault::interrupted) return failed(action, path(), EINTR);
  bytes = bytes.substr(0, done_of(injection, offset, bytes.size()));
  node().body.write(opening_.machine().time, offset, bytes);
  opening_.machine().update_mappings(node(), offset, bytes.size());
  if (reason == 0) reason = Machine::errno_of(injection.fault);
  if (reason != 0) return failed(action, path(), reason);
  return bytes.size();
}

Result<void> SimFile::truncate(std::uint64_t size) {
  return opening_.run("truncate", operation(OpKind::truncate, size), [&]() -> Result<void> {
    if (!can_write_ || size > offset_max) return failed("truncate", path(), EINVAL);
    const std::uint64_t before = node().body.size();
    node().body.resize(opening_.machine().time, size);
    if (size < before) opening_.machine().update_mappings(node(), size, before - size);
    return {};
  });
}

Result<void> SimFile::reserve(std::uint64_t offset, std::uint64_t length) {
  constexpr std::string_view action = "reserve space in";
  const std::scoped_lock guard(opening_.machine().mutex);
  Injection injection;
  int reason = opening_.begin(operation(OpKind::reserve, offset, length), injection);
  if (reason == 0 && !can_write_) reason = EBADF;
  if (reason == 0 && (offset > offset_max || length > offset_max - offset)) reason = EINVAL;
  if (reason == 0 && injection.fault != Fault::enospc) reason = Machine::errno_of(injection.fault);
  if (reason != 0) return failed(action, path(), reason);
  const bool lacks_room = injection.fault == Fault::enospc;
  const std::uint64_t done = lacks_room ? std::min(injection.bytes.value_or(length / 2), length) : length;
  if (done != 0) node().body.reserve(opening_.machine().time, offset + done);
  if (lacks_room) return failed(action, path(), ENOSPC);
  return {};
}

Result<void> SimFile::sync(OpKind kind) {
  const std::scoped_lock guard(opening_.machine().mutex);
  Injection injection;
  if (const int reason = opening_.begin(operation(kind), injection); reason != 0) return failed("sync", path(), reason);
  if (const int reason = Machine::errno_of(injection.fault); reason != 0) {
    node().body.fail_sync();
    if (injection.fault == Fault::eio_dropped) opening_.machine().drop_clean(node(), false);
    return failed("sync", path(), reason);
  }
  opening_.machine().sync_file(node());
  if (kind == OpKind::sync_all) opening_.machine().sync_attributes(node());
  return {};
}

}  // namespace

std::unique_ptr<File> open_sim_file(Machine& machine, NodeRef node, std::filesystem::path path, bool can_write) {
  return std::make_unique<SimFile>(machine, std::move(node), std::move(path), can_write);
}

}  // namespace safeatomic::sim::detail
