#pragma once
// The files of a store as they are, for a report that carries some of their bytes.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

namespace datawal::cli {

class StoreFiles {
 public:
  [[nodiscard]] static Result<StoreFiles> open(const std::filesystem::path& dir);

  /// Bytes [begin, end) of a file, fewer where it ends. A compaction may have taken it away: `not_found`.
  [[nodiscard]] Result<std::string> read(std::string_view name, std::uint64_t begin, std::uint64_t end) const;
  [[nodiscard]] Result<std::uint64_t> size(std::string_view name) const;
  [[nodiscard]] Result<std::vector<std::string>> names() const;

 private:
  explicit StoreFiles(std::unique_ptr<safeatomic::Directory> directory) : directory_(std::move(directory)) {}
  std::unique_ptr<safeatomic::Directory> directory_;
};

}  // namespace datawal::cli
