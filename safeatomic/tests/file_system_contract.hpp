#pragma once
// What every FileSystem must do, as one suite that runs on each: instantiate it with a factory of worlds.
//
//   INSTANTIATE_TEST_SUITE_P(Posix, FileSystemContract, testing::Values(WorldFactory{"Posix", make_posix_world}));

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <safeatomic/file_system.hpp>

namespace safeatomic::test {

/// A FileSystem, and an empty directory on it that only this test knows.
class World {
 public:
  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  virtual ~World() = default;

  [[nodiscard]] virtual FileSystem& file_system() = 0;
  [[nodiscard]] virtual std::filesystem::path root() const = 0;

  /// Puts there what the seam itself cannot make; false where this world has no such thing.
  virtual bool make_symbolic_link(const std::filesystem::path& target, const std::filesystem::path& link) = 0;
  virtual bool make_fifo(const std::filesystem::path& path) = 0;
};

struct WorldFactory {
  std::string name;
  std::function<std::unique_ptr<World>()> make;
};

inline void PrintTo(const WorldFactory& factory, std::ostream* out) { *out << factory.name; }

class FileSystemContract : public testing::TestWithParam<WorldFactory> {
 protected:
  void SetUp() override;

  [[nodiscard]] FileSystem& file_system() { return world_->file_system(); }
  [[nodiscard]] World& world() { return *world_; }
  [[nodiscard]] std::filesystem::path root() const { return world_->root(); }
  [[nodiscard]] Directory& directory() { return *directory_; }

  /// A new file in the root, open for writing, with `content`.
  [[nodiscard]] std::unique_ptr<File> new_file(std::string_view name, std::string_view content = {});
  /// A second, independent opening of a file in the root.
  [[nodiscard]] std::unique_ptr<File> open_again(std::string_view name, bool write = true);
  [[nodiscard]] static std::string content_of(File& file);

 private:
  std::unique_ptr<World> world_;
  std::unique_ptr<Directory> directory_;
};

}  // namespace safeatomic::test
