#pragma once
// The files of a page, as a file system: one directory that was given, which can only be read, and one that may be made beside it.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
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
  /// Whether the script may be waited for: only below a call that it expects to.
  void set_may_wait(bool may_wait) noexcept { may_wait_ = may_wait; }
  /// Where [begin, end) goes on from what was read before, has it read while others work.
  void await(int file, std::uint64_t begin, std::uint64_t end);

  [[nodiscard]] std::string made_name() const { return given_name_ + ".salvaged"; }
  [[nodiscard]] std::vector<PageFile>& given() noexcept { return given_; }
  /// The given file of that name; null if there is none.
  [[nodiscard]] const PageFile* find_given(std::string_view name) const;
  [[nodiscard]] std::vector<PageFile>& made() noexcept { return made_; }
  [[nodiscard]] bool is_made() const noexcept { return is_made_; }
  void make() noexcept { is_made_ = true; }
  [[nodiscard]] std::uint64_t next_inode() noexcept { return next_inode_++; }

 private:
  std::string given_name_;
  std::vector<PageFile> given_;
  std::map<std::string, std::size_t, std::less<>> by_name_;  // of those given: where they are
  static constexpr std::uint64_t awaited_at_once = std::uint64_t{16} << 20;  // a block of web/page/reader.js
  std::vector<std::uint64_t> awaited_;                                        // of those given: up to where
  bool may_wait_ = false;
  std::vector<PageFile> made_;
  bool is_made_ = false;
  std::uint64_t next_inode_ = 10;
  std::uint64_t next_random_ = 1;
};

[[nodiscard]] PageFiles& page_files() noexcept;

}  // namespace datawal::page
