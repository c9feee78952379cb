#pragma once
// write_atomic in pieces: for content that is not in memory as a whole.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include <safeatomic/safeatomic.hpp>

namespace safeatomic {

/// A file that replaces another one, or is made, when it is whole: open, write in pieces, commit. What is not committed is
/// discarded, by the destructor too. One thread at a time.
class AtomicFile {
 public:
  /// Makes the temporary. Nothing is to be seen of it under `path` before commit.
  /// @return not_regular if something that is not a regular file stands there; not_found if the directory does not exist;
  ///   permission in a directory from which names cannot be taken away (chattr +a)
  [[nodiscard]] static Result<AtomicFile> open(const std::filesystem::path& path, const Settings& settings = {});

  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;  ///< discards what this one held
  ~AtomicFile();

  /// Writes `bytes` behind what was written before. After a failure the file is discarded.
  [[nodiscard]] Result<void> write(std::string_view bytes);

  /// Takes over owner, permissions and access control list of what stands in its place now, syncs, renames, syncs the
  /// directory. Durable on return. Permissions that are changed meanwhile count: they are looked at again right before the
  /// rename, and once more after it. Once only; the object is of no more use, whatever comes of it.
  /// @return busy if the name is a mount point; not_regular if something else than a regular file has taken the name meanwhile
  [[nodiscard]] Result<void> commit();

  void discard() noexcept;  ///< removes the temporary

 private:
  struct State;
  explicit AtomicFile(std::unique_ptr<State> state) noexcept;

  std::unique_ptr<State> state_;  // null once committed or discarded
};

}  // namespace safeatomic
