#include "cli/input_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include <datawal/segment.hpp>

#include "cli/human.hpp"
#include "cli/identity.hpp"

namespace datawal::cli {
namespace {

std::unexpected<std::string> cannot_read(const std::string& shown_name, int os_errno) {
  return std::unexpected(fmt::format("cannot read {}: {}", shown_name, std::generic_category().message(os_errno)));
}

bool is_standard_input(const std::string& name) { return name == "-"; }

std::string shown(const std::string& name) {
  return is_standard_input(name) ? std::string("standard input") : shell_word(name);
}

std::vector<Identity> segments_of(const std::filesystem::path& dir) {
  std::vector<Identity> identities;
  const Result<std::vector<std::uint32_t>> ids = segment::list_ids(dir);
  if (!ids) return identities;  // opening the log reports it
  for (const std::uint32_t id : *ids) {
    if (const std::optional<Identity> identity = identity_of(segment::path(dir, id))) identities.push_back(*identity);
  }
  return identities;
}

}  // namespace

std::expected<InputFile, std::string> InputFile::open(const std::string& name) {
  if (is_standard_input(name)) return InputFile(STDIN_FILENO, shown(name));
  const int fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cannot_read(shown(name), errno);
  return InputFile(fd, shown(name));
}

std::expected<std::size_t, std::string> InputFile::read(std::span<char> room) const {
  for (;;) {
    const ssize_t got = ::read(fd_, room.data(), room.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EAGAIN) {  // a descriptor shared with somebody who made it non-blocking
      pollfd input{.fd = fd_, .events = POLLIN, .revents = 0};
      ::poll(&input, 1, -1);
    } else if (errno != EINTR) {
      return cannot_read(shown_name_, errno);
    }
  }
}

InputFile::InputFile(InputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), shown_name_(std::move(other.shown_name_)) {}

InputFile::~InputFile() {
  if (fd_ > STDERR_FILENO) ::close(fd_);
}

std::expected<void, std::string> check_input_files(const std::vector<std::string>& names,
                                                   const std::filesystem::path& dir) {
  const std::vector<Identity> segments = segments_of(dir);
  for (const std::string& name : names) {
    struct stat info{};
    const bool is_stdin = is_standard_input(name);
    const int failed = is_stdin ? ::fstat(STDIN_FILENO, &info) : ::stat(name.c_str(), &info);
    if (failed != 0) return cannot_read(shown(name), errno);
    if (S_ISDIR(info.st_mode)) return cannot_read(shown(name), EISDIR);
    if (!is_stdin && ::faccessat(AT_FDCWD, name.c_str(), R_OK, AT_EACCESS) != 0) return cannot_read(shown(name), errno);
    if (std::ranges::find(segments, identity_of(info)) != segments.end()) {
      return std::unexpected(
          fmt::format("{} is a segment of the store that is to be fed: copy it elsewhere first", shown(name)));
    }
  }
  return {};
}

}  // namespace datawal::cli
