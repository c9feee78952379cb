#include "kv/saved_index/index_output.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <datawal/format.hpp>
#include <safeatomic/io.hpp>

#include "base/io_error.hpp"
#include "kv/index/page_image.hpp"

namespace datawal::kv {

namespace {

constexpr std::size_t write_len = 1 << 20;

// Pages one behind the other, written some at a time.
class Pages {
 public:
  Pages(const IndexImage& image, safeatomic::File& file, std::uint64_t offset)
      : file_(file), offset_(offset), address_([this, &image](std::uint64_t in_memory) {
          const std::uint64_t saved = image.address(in_memory);
          is_lost_ |= saved == ExtentTable::nowhere;
          return saved;
        }) {
    buffer_.reserve(write_len);
  }

  /// @return the CRC of them all
  std::uint32_t add(std::span<const Page* const> chain) {
    std::uint32_t crc = 0;
    for (const Page* page : chain) {
      if (buffer_.size() == write_len) flush();
      const std::size_t at = buffer_.size();
      buffer_.resize(at + saved_page_len);
      encode_page(*page, address_, std::span<char, saved_page_len>(buffer_.data() + at, saved_page_len));
      crc = format::crc32c({buffer_.data() + at, saved_page_len}, crc);
    }
    return crc;
  }

  void flush() {
    if (failed_ || buffer_.empty()) return;
    if (const safeatomic::Result<void> written = safeatomic::write_all(file_, offset_, buffer_); !written) {
      failed_ = error_of(written.error(), "write index");
    }
    offset_ += buffer_.size();
    buffer_.clear();
  }

  Result<void> finish() {
    flush();
    if (failed_) return std::unexpected(*failed_);
    if (!is_lost_) return {};
    return std::unexpected(Error{.code = Errc::corruption,
                                 .action = "save index",
                                 .path = file_.path(),
                                 .detail = "the index in memory leads to a place without a record"});
  }

 private:
  safeatomic::File& file_;
  std::uint64_t offset_;
  std::string buffer_{};
  std::optional<Error> failed_{};
  bool is_lost_ = false;
  const SavedAddress address_;
};

template <std::size_t len>
void append(std::string& to, const std::array<char, len>& bytes) {
  to.append(bytes.data(), bytes.size());
}

struct Extent {
  std::uint64_t heads = 0;
  std::uint64_t pages = 0;
};

// How many pages there are; nullopt if a table is out of proportion.
std::optional<Extent> extent_of(const KeyDirectory& directory) {
  Extent extent;
  std::array<std::uint32_t, part_count> depths{};
  directory.for_each_chain([&](std::size_t part, std::uint32_t depth) { depths[part] = depth; },
                           [&](std::uint32_t, std::span<const Page* const> chain) {
                             ++extent.heads;
                             extent.pages += chain.size();
                           });
  for (const std::uint32_t depth : depths) {
    if (depth != 0 && !is_sane_depth(depth, extent.heads)) return std::nullopt;
  }
  return extent;
}

}  // namespace

Result<std::uint64_t> write_index(const IndexImage& image, const KeyDirectory& directory, safeatomic::File& file) {
  const std::optional<Extent> extent = extent_of(directory);
  if (!extent) {
    return std::unexpected(Error{.code = Errc::invalid_argument,
                                 .action = "save index",
                                 .path = file.path(),
                                 .detail = "too many keys have hashes that begin alike"});
  }
  IndexHeader header = image.header;
  const std::uint64_t metadata_end = index_header_len + image.segments.size() * index_segment_len +
                                     part_count * index_part_len + extent->heads * index_page_len;
  header.pages = extent->pages;
  header.pages_begin = (metadata_end + saved_page_len - 1) / saved_page_len * saved_page_len;

  std::string metadata;
  metadata.reserve(header.pages_begin - index_header_len);
  for (const IndexSegment& segment : image.segments) append(metadata, encode_index_segment(segment));
  Pages pages(image, file, header.pages_begin);
  std::uint32_t page_number = 0;
  IndexPart part;
  std::size_t part_begin = 0;
  const auto end_part = [&] {
    if (part_begin != 0) metadata.replace(part_begin, index_part_len, encode_index_part(part).data(), index_part_len);
  };
  directory.for_each_chain(
      [&](std::size_t, std::uint32_t depth) {
        end_part();
        part = {.depth = depth, .pages = 0};
        part_begin = metadata.size();
        metadata.append(index_part_len, '\0');
      },
      [&](std::uint32_t tag, std::span<const Page* const> chain) {
        const SavedPage page{.tag = tag,
                             .depth = chain.front()->depth(),
                             .page = page_number,
                             .chain = static_cast<std::uint32_t>(chain.size()),
                             .crc = pages.add(chain)};
        append(metadata, encode_index_page(page));
        page_number += page.chain;
        ++part.pages;
      });
  end_part();
  if (Result<void> written = pages.finish(); !written) return propagate(written);
  metadata.resize(header.pages_begin - index_header_len);
  header.metadata_crc = format::crc32c(metadata);

  if (safeatomic::Result<void> written = safeatomic::write_all(file, index_header_len, metadata); !written) {
    return io_failure(written, "write index");
  }
  // By the clock that stamps the segments, which need not be the system's.
  const safeatomic::Result<safeatomic::FileInfo> info = file.info();
  if (!info) return io_failure(info, "write index");
  header.written_ns = static_cast<std::uint64_t>(info->modified_ns);
  const std::array<char, index_header_len> begin = encode_index_header(header);
  if (safeatomic::Result<void> written = safeatomic::write_all(file, 0, {begin.data(), begin.size()}); !written) {
    return io_failure(written, "write index");
  }
  return header.pages_begin + header.pages * saved_page_len;
}

}  // namespace datawal::kv
