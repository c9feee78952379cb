#include "segment/resync.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <safeatomic/io.hpp>

#include "base/io_error.hpp"
#include "format/frame.hpp"
#include "segment/frame_search.hpp"
#include "segment/scanner.hpp"

namespace datawal::segment {

namespace {

constexpr std::uint64_t crc_work_per_byte = 8;

// Calls `each(offset, bytes)` for blocks of the data in [begin, end) in ascending order; false stops.
template <class Each>
Result<void> for_each_block(safeatomic::File& file, std::uint64_t begin, std::uint64_t end, Each each) {
  const auto buffer = std::make_unique_for_overwrite<char[]>(Scanner::block_len);
  std::uint64_t at = begin;
  while (at < end) {
    safeatomic::Result<std::optional<safeatomic::DataRange>> range = file.next_data(at);
    if (!range) return io_failure(range, "read segment");
    if (!range->has_value()) return {};
    at = std::max(at, (*range)->begin);
    const std::uint64_t stop = std::min(end, (*range)->end);
    while (at < stop) {
      const auto len = static_cast<std::size_t>(std::min<std::uint64_t>(Scanner::block_len, stop - at));
      safeatomic::Result<std::size_t> got = safeatomic::read_all(file, at, std::span(buffer.get(), len));
      if (!got) return io_failure(got, "read segment");
      if (*got == 0) return {};
      if (!each(at, std::string_view(buffer.get(), *got))) return {};
      at += *got;
    }
  }
  return {};
}

// How many bytes remain without the zeros at the end.
std::size_t length_without_zeros(std::string_view bytes) noexcept {
  std::size_t len = bytes.size();
  constexpr std::size_t word = sizeof(std::uint64_t);
  while (len >= word) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + len - word, word);
    if (value != 0) break;
    len -= word;
  }
  while (len > 0 && bytes[len - 1] == 0) --len;
  return len;
}

}  // namespace

Result<std::uint64_t> end_of_data(safeatomic::File& file, std::uint64_t begin, std::uint64_t end) {
  std::uint64_t last = begin;
  Result<void> read = for_each_block(file, begin, end, [&last](std::uint64_t offset, std::string_view bytes) {
    if (const std::size_t len = length_without_zeros(bytes); len > 0) last = offset + len;
    return true;
  });
  if (!read) return propagate(read);
  return last;
}

Result<bool> is_zeros(safeatomic::File& file, std::uint64_t begin, std::uint64_t end) {
  bool result = true;
  Result<void> read = for_each_block(file, begin, end, [&result](std::uint64_t, std::string_view bytes) {
    result = format::is_all_zeros(bytes);
    return result;
  });
  if (!read) return propagate(read);
  return result;
}

Result<std::uint64_t> find_records(
    safeatomic::File& file, std::uint64_t begin, std::uint64_t end, CrcWork& work,
    const std::function<Result<void>(std::uint64_t, const format::DecodedRecord&)>& found) {
  std::uint64_t count = 0;
  Window window(file, end);
  FrameCheck check(begin, work);
  std::uint64_t at = begin;  // everything below it was searched
  for (;;) {
    Result<std::optional<std::uint64_t>> hit = window.find_magic(at);
    if (!hit) return propagate(hit);
    if (!*hit) return count;
    at = **hit + 1;

    Result<std::optional<format::DecodedRecord>> record = check.frame_at(window, **hit, end);
    if (!record) return propagate(record);
    if (!*record) continue;
    if (Result<void> kept = found(**hit, **record); !kept) return propagate(kept);
    ++count;
    at = **hit + (*record)->len;
  }
}

Result<std::uint64_t> count_records(safeatomic::File& file, std::uint64_t begin, std::uint64_t end) {
  CrcWork work{.limit = crc_work_per_byte * (end - begin)};
  return find_records(file, begin, end, work,
                      [](std::uint64_t, const format::DecodedRecord&) -> Result<void> { return {}; });
}

}  // namespace datawal::segment
