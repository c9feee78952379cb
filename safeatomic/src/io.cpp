#include <safeatomic/io.hpp>

#include <algorithm>
#include <array>

namespace safeatomic {
namespace {

constexpr std::size_t parts_per_write = 16;  // what File::write_at takes

/// The parts not yet written.
class Remainder {
 public:
  explicit Remainder(std::span<const std::string_view> parts) noexcept : parts_(parts) { skip_empty(); }

  [[nodiscard]] bool empty() const noexcept { return parts_.empty(); }

  /// The next parts for one call; valid until `advance`.
  [[nodiscard]] std::span<const std::string_view> next() noexcept {
    const std::size_t count = std::min(parts_.size(), parts_per_write);
    std::copy_n(parts_.begin(), count, batch_.begin());
    batch_.front().remove_prefix(done_in_front_);
    return std::span(batch_).first(count);
  }

  void advance(std::size_t bytes) noexcept {
    done_in_front_ += bytes;
    skip_empty();
  }

 private:
  void skip_empty() noexcept {
    while (!parts_.empty() && done_in_front_ >= parts_.front().size()) {
      done_in_front_ -= parts_.front().size();
      parts_ = parts_.subspan(1);
    }
  }

  std::span<const std::string_view> parts_;
  std::size_t done_in_front_ = 0;
  std::array<std::string_view, parts_per_write> batch_;
};

bool was_interrupted(const Result<std::size_t>& result) noexcept {
  return !result && result.error().code == Errc::interrupted;
}

// Asking again could go on for ever.
std::unexpected<Error> wrote_nothing(const File& file) {
  return std::unexpected(Error{Errc::io, "write", file.path(), 0});
}

}  // namespace

Result<void> write_all(File& file, std::uint64_t offset, std::span<const std::string_view> parts) {
  for (Remainder remainder(parts); !remainder.empty();) {
    const Result<std::size_t> written = file.write_at(offset, remainder.next());
    if (was_interrupted(written)) continue;
    if (!written) return propagate(written);
    if (*written == 0) return wrote_nothing(file);
    offset += *written;
    remainder.advance(*written);
  }
  return {};
}

Result<void> write_all(File& file, std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const Result<std::size_t> written = file.write_at(offset, std::span(&bytes, 1));
    if (was_interrupted(written)) continue;
    if (!written) return propagate(written);
    if (*written == 0) return wrote_nothing(file);
    offset += *written;
    bytes.remove_prefix(*written);
  }
  return {};
}

Result<std::size_t> read_all(File& file, std::uint64_t offset, std::span<char> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const Result<std::size_t> count = file.read_at(offset + done, into.subspan(done));
    if (was_interrupted(count)) continue;
    if (!count) return propagate(count);
    if (*count == 0) break;
    done += *count;
  }
  return done;
}

}  // namespace safeatomic
