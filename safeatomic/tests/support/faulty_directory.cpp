#include "faulty_operation.hpp"

namespace safeatomic::test {
namespace {

class FaultyDirectory final : public Directory {
 public:
  FaultyDirectory(FaultyFileSystem& owner, std::unique_ptr<Directory> inner)
      : owner_(owner), inner_(std::move(inner)) {}

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return inner_->path(); }

  [[nodiscard]] Result<std::unique_ptr<File>> open_file(std::string_view name, const OpenMode& how) override {
    return run(owner_, on(OpKind::open_file, name), [&] { return wrap(owner_, inner_->open_file(name, how)); });
  }
  [[nodiscard]] Result<std::unique_ptr<Directory>> open_directory(std::string_view name) override {
    return run(owner_, on(OpKind::open_directory, name), [&] { return wrap(owner_, inner_->open_directory(name)); });
  }
  [[nodiscard]] Result<std::unique_ptr<Directory>> open_parent() override {
    return run(owner_, itself(OpKind::open_parent), [&] { return wrap(owner_, inner_->open_parent()); });
  }
  [[nodiscard]] Result<void> make_directory(std::string_view name, std::uint32_t mode) override {
    return run(owner_, on(OpKind::make_directory, name), [&] { return inner_->make_directory(name, mode); });
  }
  [[nodiscard]] Result<std::vector<std::string>> list() override {
    return run(owner_, itself(OpKind::list), [&] { return inner_->list(); });
  }
  [[nodiscard]] Result<FileInfo> info() const override {
    return run(owner_, itself(OpKind::directory_info), [&] { return inner_->info(); });
  }
  [[nodiscard]] Result<FileInfo> info_of(std::string_view name) const override {
    return run(owner_, on(OpKind::info_of, name), [&] { return inner_->info_of(name); });
  }
  [[nodiscard]] Result<void> link(std::string_view name, Directory& target, std::string_view new_name) override {
    return run(owner_, between(OpKind::link, name, target, new_name),
               [&] { return inner_->link(name, unwrapped(target), new_name); });
  }
  [[nodiscard]] Result<void> rename(std::string_view name, Directory& target, std::string_view new_name,
                                    RenameMode mode) override {
    return run(owner_, between(OpKind::rename, name, target, new_name),
               [&] { return inner_->rename(name, unwrapped(target), new_name, mode); });
  }
  [[nodiscard]] Result<void> unlink(std::string_view name) override {
    return run(owner_, on(OpKind::unlink, name), [&] { return inner_->unlink(name); });
  }
  [[nodiscard]] Result<void> remove_directory(std::string_view name) override {
    return run(owner_, on(OpKind::remove_directory, name), [&] { return inner_->remove_directory(name); });
  }
  [[nodiscard]] Result<void> sync() override {
    return run(owner_, itself(OpKind::sync_directory), [&] { return inner_->sync(); });
  }
  [[nodiscard]] Result<void> sync_file_system() override {
    return run(owner_, itself(OpKind::sync_file_system), [&] { return inner_->sync_file_system(); });
  }
  [[nodiscard]] Result<bool> try_lock() override {
    return run(owner_, itself(OpKind::lock_directory), [&] { return inner_->try_lock(); });
  }
  Result<void> unlock() override {
    return run(owner_, itself(OpKind::unlock_directory), [&] { return inner_->unlock(); });
  }
  [[nodiscard]] Result<bool> is_network() const override {
    return run(owner_, itself(OpKind::is_network), [&] { return inner_->is_network(); });
  }
  [[nodiscard]] Result<bool> reserves_for_good() const override {
    return run(owner_, itself(OpKind::reserves_for_good), [&] { return inner_->reserves_for_good(); });
  }
  [[nodiscard]] Result<std::filesystem::path> read_link(std::string_view name) const override {
    return run(owner_, on(OpKind::read_link, name), [&] { return inner_->read_link(name); });
  }

 private:
  static Directory& unwrapped(Directory& directory) { return *static_cast<FaultyDirectory&>(directory).inner_; }

  [[nodiscard]] FsOp itself(OpKind kind) const { return {.kind = kind, .path = path().native()}; }
  [[nodiscard]] FsOp on(OpKind kind, std::string_view name) const {
    return {.kind = kind, .path = (path() / name).native()};
  }
  [[nodiscard]] FsOp between(OpKind kind, std::string_view name, const Directory& target,
                             std::string_view new_name) const {
    return {.kind = kind, .path = (path() / name).native(), .target = (target.path() / new_name).native()};
  }

  FaultyFileSystem& owner_;
  std::unique_ptr<Directory> inner_;
};

}  // namespace

std::unique_ptr<Directory> wrap(FaultyFileSystem& owner, std::unique_ptr<Directory> inner) {
  return std::make_unique<FaultyDirectory>(owner, std::move(inner));
}

}  // namespace safeatomic::test
