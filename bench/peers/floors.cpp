// What the machine alone needs for the same bytes.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include <datawal/format.hpp>

#include "store.hpp"

namespace bench {

namespace {

namespace format = datawal::format;

std::size_t frame_into(std::string& room, std::string_view payload, std::uint64_t txid) {
  const auto len = static_cast<std::size_t>(format::frame_len(0, payload.size()));
  if (room.size() < len) room.resize(len);
  require(format::encode(datawal::RecordType::Raw, txid, {}, payload, room).has_value(), "encode");
  return len;
}

int make_file(const std::filesystem::path& dir) {
  std::filesystem::create_directories(dir);
  const int fd = ::open((dir / "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  require(fd >= 0, "open");
  return fd;
}

/// write(2) of whole frames; with their checksums computed for each, or made once.
template <bool with_crc, bool synced>
class Writes final : public LogStore {
 public:
  explicit Writes(const std::filesystem::path& dir) : fd_(make_file(dir)) {}
  ~Writes() override { ::close(fd_); }
  void append(std::string_view payload) override { append_batch(payload, 1); }
  void append_batch(std::string_view payload, std::size_t count) override {
    if (with_crc || frames_ != count) make(payload, count);
    require(::write(fd_, bytes_.data(), size_) == static_cast<ssize_t>(size_), "write");
    if (synced) require(::fdatasync(fd_) == 0, "fdatasync");
  }

 private:
  void make(std::string_view payload, std::size_t count) {
    size_ = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t len = frame_into(frame_, payload, ++txid_);
      if (bytes_.size() < size_ + len) bytes_.resize(count * len);
      if (count == 1) {
        bytes_.swap(frame_);
      } else {
        std::memcpy(bytes_.data() + size_, frame_.data(), len);
      }
      size_ += len;
    }
    frames_ = count;
  }

  int fd_;
  std::string frame_;
  std::string bytes_;
  std::size_t size_ = 0;
  std::size_t frames_ = 0;
  std::uint64_t txid_ = 0;
};

/// A frame with its checksum, made in a shared mapping of a reserved file that is faulted in by `step` ahead; or in memory.
template <bool in_file>
class Copies final : public LogStore {
 public:
  explicit Copies(const std::filesystem::path& dir) {
    int fd = -1;
    if (in_file) {
      fd = make_file(dir);
      require(::fallocate(fd, 0, 0, static_cast<off_t>(room)) == 0, "fallocate");
    }
    void* at = ::mmap(nullptr, room, PROT_READ | PROT_WRITE, in_file ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
    require(at != MAP_FAILED, "mmap");
    bytes_ = static_cast<char*>(at);
#if defined(MADV_HUGEPAGE)
    ::madvise(bytes_, room, MADV_HUGEPAGE);
#endif
    if (fd >= 0) ::close(fd);
  }
  ~Copies() override { ::munmap(bytes_, room); }

  void append(std::string_view payload) override {
    const auto len = static_cast<std::size_t>(format::frame_len(0, payload.size()));
    if (used_ + len > room) used_ = 0;
    if (used_ + len > touched_) touch();
    require(format::encode(datawal::RecordType::Raw, ++txid_, {}, payload, std::span(bytes_ + used_, len)).has_value(),
            "encode");
    used_ += len;
  }
  void append_batch(std::string_view payload, std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) append(payload);
  }

 private:
  void touch() {
#if defined(MADV_POPULATE_WRITE)
    if (::madvise(bytes_ + touched_, step, MADV_POPULATE_WRITE) == 0) {
      touched_ += step;
      return;
    }
#endif
    std::memset(bytes_ + touched_, 0, step);
    touched_ += step;
  }

  static constexpr std::size_t room = 256ULL << 20;
  static constexpr std::size_t step = 2ULL << 20;
  char* bytes_ = nullptr;
  std::size_t used_ = 0;
  std::size_t touched_ = 0;
  std::uint64_t txid_ = 0;
};

template <class Floor>
std::unique_ptr<LogStore> open(const std::filesystem::path& dir) {
  return std::make_unique<Floor>(dir);
}

}  // namespace

std::span<const Contender> floors() {
  static const std::array all{
      Contender{.name = "floor", .setting = "frame + CRC in memory", .open_log = open<Copies<false>>, .is_floor = true},
      Contender{
          .name = "floor", .setting = "frame + CRC in a mapping", .open_log = open<Copies<true>>, .is_floor = true},
      Contender{.name = "floor", .setting = "write(2)", .open_log = open<Writes<false, false>>, .is_floor = true},
      Contender{.name = "floor", .setting = "write(2) + CRC", .open_log = open<Writes<true, false>>, .is_floor = true},
      Contender{.name = "floor",
                .setting = "write(2), fdatasync",
                .promise = Promise::power,
                .open_log = open<Writes<false, true>>,
                .is_floor = true},
  };
  return all;
}

}  // namespace bench
