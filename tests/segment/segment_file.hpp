#pragma once
// A file with given bytes, open through a file system that can be watched and made to fail.

#include <memory>
#include <string_view>
#include <utility>

#include "faulty_file_system.hpp"
#include "scratch_directory.hpp"
#include "support/files.hpp"

namespace datawal::test {

class SegmentFile {
 public:
  explicit SegmentFile(std::string_view bytes = {}) { put(bytes); }

  [[nodiscard]] std::filesystem::path path() const { return scratch_ / "segment"; }
  void put(std::string_view bytes) const { write_file(path(), bytes); }
  [[nodiscard]] std::string get() const { return read_file(path()); }

  /// Opens it, or hands out what is open.
  [[nodiscard]] safeatomic::File& file() {
    if (!file_) file_ = open();
    return *file_;
  }
  [[nodiscard]] std::unique_ptr<safeatomic::File> open() {
    const auto directory = std::move(file_system_.open_directory(scratch_.path()).value());
    return std::move(directory->open_file("segment", {.write = true}).value());
  }
  [[nodiscard]] safeatomic::test::FaultyFileSystem& file_system() { return file_system_; }

 private:
  safeatomic::test::ScratchDirectory scratch_{safeatomic::test::memory_backed_parent()};
  safeatomic::test::FaultyFileSystem file_system_;
  std::unique_ptr<safeatomic::File> file_;
};

}  // namespace datawal::test
