#pragma once
// The files of a page, as a file system: one directory that was given, which can only be read, and one that may be made beside it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <safeatomic/file_system.hpp>

namespace datawal::page {

struct PageFile {
  std::string name;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::uint64_t inode = 0;
  int number = 0;  ///< the script's
};

class PageFiles final : public safeatomic::FileSystem {
 public:
  safeatomic::Result<std::unique_ptr<safeatomic::Directory>> open_directory(const std::filesystem::path& path) override;
  safeatomic::Result<std::uint64_t> random() override { return next_random_++; }  // nobody else makes names here

  /// Forgets all files; the next ones are of the directory `name`.
  void start(std::string_view name);
  void give(std::string_view name, std::uint64_t size, std::int64_t modified_ns);

  [[nodiscard]] const std::string& given_name() const noexcept { return given_name_; }
  [[nodiscard]] std::string made_name() const { return given_name_ + ".salvaged"; }
  [[nodiscard]] std::vector<PageFile>& given() noexcept { return given_; }
  [[nodiscard]] std::vector<PageFile>& made() noexcept { return made_; }
  [[nodiscard]] bool is_made() const noexcept { return is_made_; }
  void make() noexcept { is_made_ = true; }
  [[nodiscard]] std::uint64_t next_inode() noexcept { return next_inode_++; }

 private:
  std::string given_name_;
  std::vector<PageFile> given_;
  std::vector<PageFile> made_;
  bool is_made_ = false;
  std::uint64_t next_inode_ = 10;
  std::uint64_t next_random_ = 1;
};

[[nodiscard]] PageFiles& page_files() noexcept;

}  // namespace datawal::page
