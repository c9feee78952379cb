#include "kv/saved_index/index_output.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <datawal/format.hpp>
#include <safeatomic/io.hpp>

#include "base/io_error.hpp"
#include "base/mutex.hpp"
#include "kv/index/page_image.hpp"
#include "log/saved/saved_output.hpp"

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
  std::uint32_t add(const FrozenChain& chain) {
    std::uint32_t crc = 0;
    for (const std::unique_ptr<Page>& page : chain.pages) {
      keys_ += page->count();
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

  /// @param keys  that there must have been
  Result<void> finish(std::uint64_t keys) {
    flush();
    if (failed_) return std::unexpected(*failed_);
    if (is_lost_) return unsound("the index in memory leads to a place without a record");
    if (keys_ != keys) return unsound("the index in memory knows another number of keys than it counts");
    return {};
  }

 private:
  [[nodiscard]] std::unexpected<Error> unsound(const char* what) const {
    return std::unexpected(
        Error{.code = Errc::corruption, .action = "save index", .path = file_.path(), .detail = what});
  }

  safeatomic::File& file_;
  std::uint64_t offset_;
  std::uint64_t keys_ = 0;
  std::string buffer_{};
  std::optional<Error> failed_{};
  bool is_lost_ = false;
  const SavedAddress address_;
};

template <std::size_t len>
void append(std::string& to, const std::array<char, len>& bytes) {
  to.append(bytes.data(), bytes.size());
}

Error too_many_alike(const std::filesystem::path& path) {
  return {.code = Errc::invalid_argument,
          .action = "save index",
          .path = path,
          .detail = "too many keys have hashes that begin alike"};
}

// The chains of a part, and what the index says of them.
Result<void> write_part(KeyDirectory& directory, FrozenDirectory& frozen, FutexMutex& changes, std::size_t part,
                        const std::filesystem::path& path, Pages& pages, std::string& metadata,
                        std::uint64_t& page_number, SavedDirectory* written) {
  // Copied at a time: some 5 us, for which a writer may have to wait.
  constexpr std::size_t chains_at_once = 8;
  const std::vector<FrozenDirectory::Head> heads = frozen.heads(part);
  append(metadata, encode_index_part({.depth = frozen.depth(part), .pages = static_cast<std::uint32_t>(heads.size())}));
  if (written != nullptr) {
    const std::size_t begin = written->pages.size();
    written->parts[part] = {.depth = frozen.depth(part), .pages_begin = begin, .pages_end = begin + heads.size()};
  }
  std::vector<FrozenChain> chains;
  for (std::span<const FrozenDirectory::Head> rest = heads; !rest.empty();) {
    const std::span<const FrozenDirectory::Head> some = rest.first(std::min(chains_at_once, rest.size()));
    rest = rest.subspan(some.size());
    {
      const Locked guard(changes);
      if (Result<void> taken = directory.take_frozen(some, chains); !taken) return taken;
    }
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (Result<void> fetched = frozen.fetch(chains[i]); !fetched) return fetched;
      if (chains[i].pages.size() > longest_chain) return std::unexpected(too_many_alike(path));
      const SavedPage page{.tag = some[i].tag,
                           .depth = some[i].depth,
                           .page = static_cast<std::uint32_t>(page_number),
                           .chain = static_cast<std::uint32_t>(chains[i].pages.size()),
                           .crc = pages.add(chains[i])};
      append(metadata, encode_index_page(page));
      if (written != nullptr) written->pages.push_back(page);
      page_number += page.chain;
    }
  }
  return {};
}

// How many chains there are; nullopt if a table is out of proportion.
std::optional<std::uint64_t> chains_of(const FrozenDirectory& frozen) {
  std::uint64_t chains = 0;
  for (std::size_t part = 0; part < part_count; ++part) {
    const std::uint64_t own = frozen.heads(part).size();
    if (frozen.depth(part) != 0 && !is_sane_depth(frozen.depth(part), own)) return std::nullopt;
    chains += own;
  }
  return chains;
}

}  // namespace

Result<WrittenIndex> write_index(const IndexImage& image, KeyDirectory& directory, FrozenDirectory& frozen,
                                 FutexMutex& changes, safeatomic::File& file) {
  const std::optional<std::uint64_t> chains = chains_of(frozen);
  if (!chains) return std::unexpected(too_many_alike(file.path()));
  log::SavedHeader header = image.header;
  const std::uint64_t metadata_end = log::saved_header_len + image.segments.size() * log::saved_segment_len +
                                     part_count * index_part_len + *chains * index_page_len;
  header.pages_begin = (metadata_end + saved_page_len - 1) / saved_page_len * saved_page_len;

  std::string metadata;
  metadata.reserve(header.pages_begin - log::saved_header_len);
  for (const log::SavedSegment& segment : image.segments) append(metadata, log::encode_saved_segment(segment));
  Pages pages(image, file, header.pages_begin);
  WrittenIndex index{.pages_begin = header.pages_begin};
  SavedDirectory* const noted = directory.is_limited() ? &index.directory : nullptr;
  if (noted != nullptr) noted->pages.reserve(*chains);
  for (std::size_t part = 0; part < part_count; ++part) {
    Result<void> written = write_part(directory, frozen, changes, part, file.path(), pages, metadata, header.pages,
                                      noted);
    if (!written) return propagate(written);
  }
  index.directory.page_count = header.pages;
  index.directory.keys = header.keys;
  if (Result<void> written = pages.finish(header.keys); !written) return propagate(written);
  metadata.resize(header.pages_begin - log::saved_header_len);
  if (Result<void> written = log::write_saved_metadata(file, header, metadata); !written) return propagate(written);
  return index;
}

}  // namespace datawal::kv
