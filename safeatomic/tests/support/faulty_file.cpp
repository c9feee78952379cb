#include <algorithm>

#include "faulty_operation.hpp"

namespace safeatomic::test {
namespace {

class FaultyMapping final : public Mapping {
 public:
  FaultyMapping(FaultyFileSystem& owner, std::string path, std::uint64_t offset, std::unique_ptr<Mapping> inner)
      : owner_(owner), path_(std::move(path)), offset_(offset), inner_(std::move(inner)) {}

  [[nodiscard]] std::string_view bytes() const noexcept override { return inner_->bytes(); }

  void write(std::size_t offset, std::string_view bytes) noexcept override {
    const Fault fault = owner_.begin(operation(OpKind::map_write, offset, bytes.size()));
    inner_->write(offset, bytes.substr(0, fault.at_most.value_or(bytes.size())));
  }

  Result<void> populate(std::size_t offset, std::size_t length) override {
    return run(owner_, operation(OpKind::populate, offset, length), [&] { return inner_->populate(offset, length); });
  }

  Result<void> prefer_huge_pages() override {
    return run(owner_, operation(OpKind::prefer_huge_pages, 0, 0), [&] { return inner_->prefer_huge_pages(); });
  }

 private:
  [[nodiscard]] FsOp operation(OpKind kind, std::size_t offset, std::size_t size) const {
    return {.kind = kind, .path = path_, .offset = offset_ + offset, .size = size};
  }

  FaultyFileSystem& owner_;
  std::string path_;
  std::uint64_t offset_;  // of the mapping in its file
  std::unique_ptr<Mapping> inner_;
};

class FaultyFile final : public File {
 public:
  FaultyFile(FaultyFileSystem& owner, std::unique_ptr<File> inner) : owner_(owner), inner_(std::move(inner)) {}

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return inner_->path(); }

  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    const FsOp op = operation(OpKind::read, offset, into.size());
    const Fault fault = owner_.begin(op);
    if (fault.os_errno != 0) return injected(op, fault);
    return inner_->read_at(offset, into.first(std::min<std::uint64_t>(into.size(), fault.at_most.value_or(~0ULL))));
  }

  [[nodiscard]] Result<std::size_t> write_at(std::uint64_t offset, std::span<const std::string_view> parts) override {
    std::uint64_t size = 0;
    for (const std::string_view part : parts) size += part.size();
    const FsOp op = operation(OpKind::write, offset, size);
    const Fault fault = owner_.begin(op);
    if (fault.os_errno == 0 && !fault.at_most) return inner_->write_at(offset, parts);
    const std::uint64_t otherwise = fault.is_done_anyway ? size : 0;
    const std::uint64_t count = fault.at_most.value_or(otherwise);
    const Result<std::size_t> written = write_prefix(offset, parts, count);
    if (fault.os_errno != 0) return injected(op, fault);
    return written;
  }

  [[nodiscard]] Result<DataRange> append(std::string_view bytes) override {
    const FsOp op = operation(OpKind::append, 0, bytes.size());
    const Fault fault = owner_.begin(op);
    if (fault.os_errno == 0) return inner_->append(bytes.substr(0, fault.at_most.value_or(bytes.size())));
    const std::size_t otherwise = fault.is_done_anyway ? bytes.size() : 0;
    const std::string_view prefix = bytes.substr(0, fault.at_most.value_or(otherwise));
    if (!prefix.empty()) static_cast<void>(inner_->append(prefix));
    return injected(op, fault);
  }

  [[nodiscard]] Result<void> truncate(std::uint64_t size) override {
    return run(owner_, operation(OpKind::truncate, size), [&] { return inner_->truncate(size); });
  }
  [[nodiscard]] Result<void> reserve(std::uint64_t offset, std::uint64_t length) override {
    return run(owner_, operation(OpKind::reserve, offset, length), [&] { return inner_->reserve(offset, length); });
  }
  [[nodiscard]] Result<void> sync_data() override {
    return run(owner_, operation(OpKind::sync_data), [&] { return inner_->sync_data(); });
  }
  [[nodiscard]] Result<void> sync_all() override {
    return run(owner_, operation(OpKind::sync_all), [&] { return inner_->sync_all(); });
  }
  Result<void> start_writeback(std::uint64_t offset, std::uint64_t length) override {
    return run(owner_, operation(OpKind::start_writeback, offset, length),
               [&] { return inner_->start_writeback(offset, length); });
  }
  [[nodiscard]] Result<FileInfo> info() const override {
    return run(owner_, operation(OpKind::file_info), [&] { return inner_->info(); });
  }
  [[nodiscard]] Result<std::optional<DataRange>> next_data(std::uint64_t offset) override {
    return run(owner_, operation(OpKind::next_data, offset), [&] { return inner_->next_data(offset); });
  }
  [[nodiscard]] Result<std::unique_ptr<Mapping>> map(MapAccess access, std::uint64_t offset,
                                                     std::size_t length) override {
    return run(owner_, operation(OpKind::map, offset, length), [&]() -> Result<std::unique_ptr<Mapping>> {
      Result<std::unique_ptr<Mapping>> mapping = inner_->map(access, offset, length);
      if (!mapping) return mapping;
      return wrap(owner_, path().native(), offset, std::move(*mapping));
    });
  }
  [[nodiscard]] Result<void> copy_ownership(const FileInfo& like) override {
    return run(owner_, operation(OpKind::copy_ownership), [&] { return inner_->copy_ownership(like); });
  }
  [[nodiscard]] Result<std::string> access_control_list() const override {
    return run(owner_, operation(OpKind::access_control_list), [&] { return inner_->access_control_list(); });
  }
  [[nodiscard]] Result<void> set_access_control_list(std::string_view list) override {
    return run(owner_, operation(OpKind::set_access_control_list),
               [&] { return inner_->set_access_control_list(list); });
  }
  [[nodiscard]] Result<bool> try_lock(LockKind kind) override {
    return run(owner_, operation(OpKind::lock_file), [&] { return inner_->try_lock(kind); });
  }
  Result<void> unlock(LockKind kind) override {
    return run(owner_, operation(OpKind::unlock_file), [&] { return inner_->unlock(kind); });
  }
  [[nodiscard]] Result<bool> is_locked() const override {
    return run(owner_, operation(OpKind::is_locked), [&] { return inner_->is_locked(); });
  }

 private:
  [[nodiscard]] FsOp operation(OpKind kind, std::uint64_t offset = 0, std::uint64_t size = 0) const {
    return {.kind = kind, .path = path().native(), .offset = offset, .size = size};
  }

  /// Writes the first `count` bytes of `parts`; a shorter inner write is a shorter one here.
  Result<std::size_t> write_prefix(std::uint64_t offset, std::span<const std::string_view> parts, std::uint64_t count) {
    std::vector<std::string_view> prefix;
    for (const std::string_view part : parts) {
      prefix.push_back(part.substr(0, count));
      count -= prefix.back().size();
    }
    return inner_->write_at(offset, prefix);
  }

  FaultyFileSystem& owner_;
  std::unique_ptr<File> inner_;
};

}  // namespace

std::unique_ptr<File> wrap(FaultyFileSystem& owner, std::unique_ptr<File> inner) {
  return std::make_unique<FaultyFile>(owner, std::move(inner));
}

std::unique_ptr<Mapping> wrap(FaultyFileSystem& owner, std::string path, std::uint64_t offset,
                              std::unique_ptr<Mapping> inner) {
  return std::make_unique<FaultyMapping>(owner, std::move(path), offset, std::move(inner));
}

}  // namespace safeatomic::test
