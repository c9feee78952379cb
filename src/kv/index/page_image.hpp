#pragma once
// A page of the key directory as bytes: docs/FORMAT.md, ".index".

#include <cstdint>
#include <span>
#include <string_view>

#include "kv/index/page.hpp"
#include "kv/index/saved_pages.hpp"

namespace datawal::kv {

/// Writes the page's entries as bytes; all have an address among those of the file. Nobody changes it meanwhile.
void encode_page(const Page& page, const SavedAddress& address, std::span<char, saved_page_len> into);

/// Makes `page`, which is empty and nobody looks at, what the bytes say. `is_last`: of its chain; all others are full.
/// @return false if they are no page of a directory that shares the leading bits of `saved`, or one in which a look-up could miss an
///   entry; then it is of no use
[[nodiscard]] bool decode_page(std::string_view bytes, const SavedPage& saved, bool is_last, Page& page) noexcept;

/// Gives the page's entries the addresses that they have elsewhere.
/// @return false if one leads nowhere
[[nodiscard]] bool translate_page(Page& page, const SavedAddress& address);

}  // namespace datawal::kv
