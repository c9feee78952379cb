#include "kv/index/saved_chain.hpp"

#include <cstddef>
#include <string>
#include <utility>

#include "kv/index/page_image.hpp"

namespace datawal::kv {

Result<void> decode_chain(PageSource& source, const SavedPage& saved, std::string_view bytes, Chain& into) {
  into.clear();
  if (!source.is_intact(saved, bytes)) return std::unexpected(source.damaged(saved));
  const SavedAddress* const in_memory = source.in_memory();
  for (std::uint32_t i = 0; i < saved.chain; ++i) {
    const bool is_last = i + 1 == saved.chain;
    into.push_back(std::make_unique<Page>());
    Page& page = *into.back();
    const bool is_page = decode_page(bytes.substr(i * saved_page_len, saved_page_len), saved, is_last, page) &&
                         (!is_last || i == 0 || page.count() != 0) &&
                         (in_memory == nullptr || translate_page(page, *in_memory));
    if (!is_page) return std::unexpected(source.damaged(saved));
  }
  return {};
}

Result<void> read_chain(PageSource& source, const SavedPage& saved, Chain& into) {
  std::string bytes(saved.chain * saved_page_len, '\0');
  if (Result<void> read = source.read(saved.page, bytes); !read) return read;
  return decode_chain(source, saved, bytes, into);
}

}  // namespace datawal::kv
