#include <sys/mman.h>

#include <cstring>
#include <memory>

#include "posix_support.hpp"

namespace safeatomic {

Result<void> Mapping::prefer_huge_pages() {
  return std::unexpected(Error{Errc::unsupported, "ask for huge pages", {}, 0});
}

}  // namespace safeatomic

namespace safeatomic::posix {
namespace {

#if defined(__linux__) && !defined(MADV_POPULATE_WRITE)
#define MADV_POPULATE_WRITE 23  // linux/mman.h, since 5.14
#endif

class PosixMapping final : public Mapping {
 public:
  PosixMapping(char* begin, std::size_t length, std::filesystem::path path) noexcept
      : begin_(begin), length_(length), path_(std::move(path)) {}
  ~PosixMapping() override { ::munmap(begin_, length_); }

  [[nodiscard]] std::string_view bytes() const noexcept override { return {begin_, length_}; }

  void write(std::size_t offset, std::string_view bytes) noexcept override {
    if (!bytes.empty()) std::memcpy(begin_ + offset, bytes.data(), bytes.size());
  }

  Result<void> populate(std::size_t offset, std::size_t length) override {
#if defined(MADV_POPULATE_WRITE)
    const auto page_bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t begin = offset / page_bytes * page_bytes;  // madvise wants the start of a page
    const std::size_t end = offset + length;
    if (end < offset || end > length_) return failed("prefault", path_, EINVAL);
    if (length == 0) return {};
    if (uninterrupted([&] { return ::madvise(begin_ + begin, end - begin, MADV_POPULATE_WRITE); }) == 0) return {};
    // An older kernel does not know the advice. Touching the pages instead could raise SIGBUS, which a hint must not.
    if (errno == EINVAL) return failed_as(Errc::unsupported, "prefault", path_, errno);
    return failed("prefault", path_, errno);
#else
    static_cast<void>(offset), static_cast<void>(length);
    return failed("prefault", path_, ENOSYS);
#endif
  }

  Result<void> prefer_huge_pages() override {
#if defined(MADV_HUGEPAGE)
    if (::madvise(begin_, length_, MADV_HUGEPAGE) == 0) return {};
    return failed("ask for huge pages in", path_, errno);
#else
    return Mapping::prefer_huge_pages();
#endif
  }

 private:
  char* begin_;
  std::size_t length_;
  std::filesystem::path path_;
};

}  // namespace

Result<std::unique_ptr<Mapping>> map_file(int fd, const std::filesystem::path& path, MapAccess access,
                                          std::uint64_t offset, std::size_t length) {
  const int protection = access == MapAccess::read ? PROT_READ : PROT_READ | PROT_WRITE;
  void* const begin = ::mmap(nullptr, length, protection, MAP_SHARED, fd, to_off(offset));
  if (begin == MAP_FAILED) return failed("map", path, errno);
  return std::make_unique<PosixMapping>(static_cast<char*>(begin), length, path);
}

}  // namespace safeatomic::posix
