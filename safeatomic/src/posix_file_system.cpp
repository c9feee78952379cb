#include <fcntl.h>
#include <sys/random.h>

#include <array>

#include "posix_directory.hpp"

namespace safeatomic {
namespace {

class PosixFileSystem final : public FileSystem {
 public:
  [[nodiscard]] Result<std::unique_ptr<Directory>> open_directory(const std::filesystem::path& path) override {
    constexpr std::string_view action = "open directory";
    const std::filesystem::path wanted = path.empty() ? "." : path;
    if (wanted.native().find('\0') != std::string::npos) {
      return posix::failed_as(Errc::invalid_argument, action, wanted, EINVAL);
    }
    posix::Descriptor descriptor = posix::open_at(AT_FDCWD, wanted.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!descriptor.is_open()) return posix::failed(action, wanted, errno);
    return std::make_unique<posix::PosixDirectory>(std::move(descriptor), wanted);
  }

  [[nodiscard]] Result<std::uint64_t> random() override {
    std::uint64_t value = 0;
    // Up to 256 bytes come all at once or not at all.
    if (posix::uninterrupted([&] { return ::getentropy(&value, sizeof value); }) != 0) {
      return posix::failed("draw a random number", {}, errno);
    }
    return value;
  }
};

}  // namespace

FileSystem& posix_file_system() noexcept {
  static PosixFileSystem file_system;
  return file_system;
}

}  // namespace safeatomic
