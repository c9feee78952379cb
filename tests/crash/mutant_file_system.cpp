#include "crash/mutant_file_system.hpp"

#include <utility>
#include <vector>

namespace datawal::crash {

namespace {

using safeatomic::Directory;
using safeatomic::File;
using safeatomic::FileInfo;
using safeatomic::LockKind;
using safeatomic::Mapping;
using safeatomic::Result;

class MutantFile final : public File {
 public:
  MutantFile(Mutation& mutation, std::string name, std::unique_ptr<File> inner)
      : mutation_(mutation), name_(std::move(name)), inner_(std::move(inner)) {}

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return inner_->path(); }
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    return inner_->read_at(offset, into);
  }
  [[nodiscard]] Result<std::size_t> write_at(std::uint64_t offset, std::span<const std::string_view> parts) override {
    return mutation_.write(*inner_, name_, offset, parts);
  }
  [[nodiscard]] Result<void> truncate(std::uint64_t size) override { return mutation_.truncate(*inner_, name_, size); }
  [[nodiscard]] Result<void> reserve(std::uint64_t offset, std::uint64_t length) override {
    return mutation_.reserve(*inner_, name_, offset, length);
  }
  [[nodiscard]] Result<void> sync_data() override { return mutation_.sync_data(*inner_, name_); }
  [[nodiscard]] Result<void> sync_all() override { return mutation_.sync_all(*inner_, name_); }
  Result<void> start_writeback(std::uint64_t offset, std::uint64_t length) override {
    return inner_->start_writeback(offset, length);
  }
  [[nodiscard]] Result<FileInfo> info() const override { return inner_->info(); }
  [[nodiscard]] Result<std::optional<safeatomic::DataRange>> next_data(std::uint64_t offset) override {
    return inner_->next_data(offset);
  }
  [[nodiscard]] Result<std::unique_ptr<Mapping>> map(safeatomic::MapAccess access, std::uint64_t offset,
                                                     std::size_t length) override {
    return inner_->map(access, offset, length);
  }
  [[nodiscard]] Result<void> copy_ownership(const FileInfo& like) override { return inner_->copy_ownership(like); }
  [[nodiscard]] Result<bool> try_lock(LockKind kind) override { return inner_->try_lock(kind); }
  Result<void> unlock(LockKind kind) override { return inner_->unlock(kind); }
  [[nodiscard]] Result<bool> is_locked() const override { return inner_->is_locked(); }

 private:
  Mutation& mutation_;
  std::string name_;
  std::unique_ptr<File> inner_;
};

class MutantDirectory final : public Directory {
 public:
  MutantDirectory(Mutation& mutation, std::unique_ptr<Directory> inner)
      : mutation_(mutation), inner_(std::move(inner)) {}

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return inner_->path(); }
  [[nodiscard]] Result<std::unique_ptr<File>> open_file(std::string_view name,
                                                        const safeatomic::OpenMode& how) override {
    Result<std::unique_ptr<File>> file = mutation_.open_file(*inner_, name, how);
    if (!file) return file;
    return std::make_unique<MutantFile>(mutation_, std::string(name), std::move(*file));
  }
  [[nodiscard]] Result<std::unique_ptr<Directory>> open_directory(std::string_view name) override {
    return wrap(inner_->open_directory(name));
  }
  [[nodiscard]] Result<std::unique_ptr<Directory>> open_parent() override { return wrap(inner_->open_parent()); }
  [[nodiscard]] Result<void> make_directory(std::string_view name, std::uint32_t mode) override {
    return inner_->make_directory(name, mode);
  }
  [[nodiscard]] Result<std::vector<std::string>> list() override { return inner_->list(); }
  [[nodiscard]] Result<FileInfo> info() const override { return inner_->info(); }
  [[nodiscard]] Result<FileInfo> info_of(std::string_view name) const override { return inner_->info_of(name); }
  [[nodiscard]] Result<void> link(std::string_view name, Directory& target, std::string_view new_name) override {
    return mutation_.link(*inner_, name, *static_cast<MutantDirectory&>(target).inner_, new_name);
  }
  [[nodiscard]] Result<void> rename(std::string_view name, Directory& target, std::string_view new_name,
                                    safeatomic::RenameMode mode) override {
    return mutation_.rename(*inner_, name, *static_cast<MutantDirectory&>(target).inner_, new_name, mode);
  }
  [[nodiscard]] Result<void> unlink(std::string_view name) override { return mutation_.unlink(*inner_, name); }
  [[nodiscard]] Result<void> remove_directory(std::string_view name) override { return inner_->remove_directory(name); }
  [[nodiscard]] Result<void> sync() override { return mutation_.sync_directory(*inner_); }
  [[nodiscard]] Result<void> sync_file_system() override { return inner_->sync_file_system(); }
  [[nodiscard]] Result<bool> try_lock() override { return inner_->try_lock(); }
  Result<void> unlock() override { return inner_->unlock(); }
  [[nodiscard]] Result<bool> is_network() const override { return inner_->is_network(); }
  [[nodiscard]] Result<bool> reserves_for_good() const override { return inner_->reserves_for_good(); }

 private:
  Result<std::unique_ptr<Directory>> wrap(Result<std::unique_ptr<Directory>> opened) const {
    if (!opened) return opened;
    return std::make_unique<MutantDirectory>(mutation_, std::move(*opened));
  }

  Mutation& mutation_;
  std::unique_ptr<Directory> inner_;
};

class MutantFileSystem final : public safeatomic::FileSystem {
 public:
  MutantFileSystem(safeatomic::FileSystem& inner, std::unique_ptr<Mutation> mutation)
      : inner_(inner), mutation_(std::move(mutation)) {}

  [[nodiscard]] Result<std::unique_ptr<Directory>> open_directory(const std::filesystem::path& path) override {
    Result<std::unique_ptr<Directory>> directory = inner_.open_directory(path);
    if (!directory) return directory;
    return std::make_unique<MutantDirectory>(*mutation_, std::move(*directory));
  }
  [[nodiscard]] Result<std::uint64_t> random() override { return inner_.random(); }

 private:
  safeatomic::FileSystem& inner_;
  std::unique_ptr<Mutation> mutation_;
};

}  // namespace

std::unique_ptr<safeatomic::FileSystem> mutate(safeatomic::FileSystem& inner, std::unique_ptr<Mutation> mutation) {
  return std::make_unique<MutantFileSystem>(inner, std::move(mutation));
}

}  // namespace datawal::crash
