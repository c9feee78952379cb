#include "kv/index/limited_pages.hpp"

#include <algorithm>
#include <bit>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "kv/index/saved_chain.hpp"

namespace datawal::kv {

namespace {

// Read together, where they lie one behind the other.
constexpr std::uint64_t chain_pages_at_once = 64;

std::uint32_t places_for(std::uint64_t pages) noexcept {
  return static_cast<std::uint32_t>(std::bit_ceil(std::clamp<std::uint64_t>(2 * pages, 1024, 1U << 22)));
}

}  // namespace

UsedPages::UsedPages(std::uint64_t pages)
    : mask_(places_for(pages) - 1), used_(new std::atomic<std::uint8_t>[std::size_t{mask_} + 1]()) {}

Result<void> DirectoryWalk::finish() {
  std::string bytes;
  Chain chain;
  for (std::size_t begin = 0; begin < on_file.size();) {
    const SavedPage& first = saved->directory.pages[on_file[begin]];
    std::uint64_t end_page = std::uint64_t{first.page} + first.chain;
    std::size_t end = begin + 1;
    for (; end < on_file.size() && end_page - first.page < chain_pages_at_once; ++end) {
      const SavedPage& next = saved->directory.pages[on_file[end]];
      if (next.page != end_page) break;
      end_page += next.chain;
    }
    bytes.resize((end_page - first.page) * saved_page_len);
    if (Result<void> read = saved->source->read(first.page, bytes); !read) return read;
    for (; begin < end; ++begin) {
      const SavedPage& page = saved->directory.pages[on_file[begin]];
      const std::string_view its = std::string_view(bytes).substr((page.page - first.page) * saved_page_len,
                                                                  page.chain * saved_page_len);
      if (Result<void> decoded = decode_chain(*saved->source, page, its, chain); !decoded) return decoded;
      for (const std::unique_ptr<Page>& one : chain) {
        one->for_each([this](const Entry& entry) { addresses.push_back(entry.address); });
      }
    }
  }
  // The number of keys is believed from the beginning: by now it must have been right.
  if (!on_file.empty() && addresses.size() != size) return std::unexpected(saved->source->damaged(SavedPage{}));
  on_file.clear();
  return {};
}

}  // namespace datawal::kv
