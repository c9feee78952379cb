#pragma once
// A FileSystem in front of another one that lies about one thing: a bug of the library, as the disk would see it.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <safeatomic/file_system.hpp>

namespace datawal::crash {

/// What a mutant does instead. Every function does by default what it was asked for.
class Mutation {
 public:
  Mutation() = default;
  Mutation(const Mutation&) = delete;
  Mutation& operator=(const Mutation&) = delete;
  virtual ~Mutation() = default;

  using Parts = std::span<const std::string_view>;

  virtual safeatomic::Result<std::unique_ptr<safeatomic::File>> open_file(safeatomic::Directory& directory,
                                                                          std::string_view name,
                                                                          const safeatomic::OpenMode& how) {
    return directory.open_file(name, how);
  }
  virtual safeatomic::Result<std::size_t> write(safeatomic::File& file, std::string_view, std::uint64_t offset,
                                                Parts parts) {
    return file.write_at(offset, parts);
  }
  virtual safeatomic::Result<void> truncate(safeatomic::File& file, std::string_view, std::uint64_t size) {
    return file.truncate(size);
  }
  virtual safeatomic::Result<void> reserve(safeatomic::File& file, std::string_view, std::uint64_t offset,
                                           std::uint64_t length) {
    return file.reserve(offset, length);
  }
  virtual safeatomic::Result<void> sync_data(safeatomic::File& file, std::string_view) { return file.sync_data(); }
  virtual safeatomic::Result<void> sync_all(safeatomic::File& file, std::string_view) { return file.sync_all(); }
  virtual safeatomic::Result<void> sync_directory(safeatomic::Directory& directory) { return directory.sync(); }
  virtual safeatomic::Result<void> link(safeatomic::Directory& from, std::string_view name,
                                        safeatomic::Directory& target, std::string_view new_name) {
    return from.link(name, target, new_name);
  }
  virtual safeatomic::Result<void> rename(safeatomic::Directory& from, std::string_view name,
                                          safeatomic::Directory& target, std::string_view new_name,
                                          safeatomic::RenameMode mode) {
    return from.rename(name, target, new_name, mode);
  }
  virtual safeatomic::Result<void> unlink(safeatomic::Directory& directory, std::string_view name) {
    return directory.unlink(name);
  }
};

/// `inner` with a mutation. Outlives everything that was opened through it.
[[nodiscard]] std::unique_ptr<safeatomic::FileSystem> mutate(safeatomic::FileSystem& inner,
                                                             std::unique_ptr<Mutation> mutation);

}  // namespace datawal::crash
