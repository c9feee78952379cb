#include "segment/copy.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <safeatomic/io.hpp>

#include "segment/scanner.hpp"

namespace datawal::segment {

namespace {

using safeatomic::File;

// Copies [at, end) of `from` to `to` at `target`; the range is data.
safeatomic::Result<void> copy_data(File& from, std::uint64_t at, std::uint64_t end, File& to, std::uint64_t target) {
  const auto buffer = std::make_unique_for_overwrite<char[]>(Scanner::block_len);
  while (at < end) {
    const auto len = static_cast<std::size_t>(std::min<std::uint64_t>(Scanner::block_len, end - at));
    const safeatomic::Result<std::size_t> got = safeatomic::read_all(from, at, std::span(buffer.get(), len));
    if (!got) return safeatomic::propagate(got);
    if (*got == 0) {
      return std::unexpected(safeatomic::Error{
          .code = safeatomic::Errc::io, .action = "read segment", .path = from.path(), .os_errno = EIO});
    }
    const std::string_view bytes(buffer.get(), *got);
    if (safeatomic::Result<void> written = safeatomic::write_all(to, target, bytes); !written) return written;
    at += *got;
    target += *got;
  }
  return {};
}

}  // namespace

safeatomic::Result<void> copy_range(File& from, std::uint64_t begin, std::uint64_t end, File& to) {
  std::uint64_t at = begin;
  while (at < end) {
    const safeatomic::Result<std::optional<safeatomic::DataRange>> data = from.next_data(at);
    if (!data) return safeatomic::propagate(data);
    if (!*data || (*data)->begin >= end) break;
    at = std::max(at, (*data)->begin);
    const std::uint64_t stop = std::min(end, (*data)->end);
    if (safeatomic::Result<void> copied = copy_data(from, at, stop, to, at - begin); !copied) return copied;
    at = stop;
  }
  return to.truncate(end - begin);
}

safeatomic::Result<void> rewrite_range(File& file, std::uint64_t begin, std::uint64_t end) {
  return copy_data(file, begin, end, file, begin);
}

}  // namespace datawal::segment
