#pragma once
// write_atomic in pieces: for content that is not in memory as a whole.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include <safeatomic/safeatomic.hpp>

namespace safeatomic {

/// A file that replaces another one, or is made, once it is whole: open, write in pieces, commit. Without a commit the
/// destructor discards it. One thread at a time.
class AtomicFile {
 public:
  /// Makes the temporary. Nothing of it is visible under `path` before commit.
  /// @return not_regular if something that is not a regular file is there; not_found if the directory does not exist;
  ///   permission in a directory from which names cannot be taken away (chattr +a)
  [[nodiscard]] static Result<AtomicFile> open(const std::filesystem::path& path, const Settings& settings = {});

  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;  ///< discards what this one held
  ~AtomicFile();

  /// Writes `bytes` after what was written before. After a failure the file is discarded.
  [[nodiscard]] Result<void> write(std::string_view bytes);

  /// Takes over owner, permissions and access control list of the file in its place, syncs, renames, syncs the directory.
  /// Durable on return. Permissions that change meanwhile count: they are checked again right before the rename, and once more
  /// after it. Call it once; the object is of no more use, whatever the result.
  /// @return busy if the name is a mount point; not_regular if something other than a regular file has taken the name meanwhile
  [[nodiscard]] Result<void> commit();

  void discard() noexcept;  ///< removes the temporary

 private:
  struct State;
  explicit AtomicFile(std::unique_ptr<State> state) noexcept;

  std::unique_ptr<State> state_;  // null once committed or discarded
};

}  // namespace safeatomic
