#pragma once
// A page of the key directory as bytes: docs/FORMAT.md, ".index".

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "kv/index/page.hpp"
#include "kv/index/saved_pages.hpp"

namespace datawal::kv {

/// The address of the same record among those of a file; all of a page have one.
using SavedAddress = std::function<std::uint64_t(std::uint64_t address)>;

/// Writes the page's entries as bytes. Nobody changes it meanwhile.
void encode_page(const Page& page, const SavedAddress& address, std::span<char, saved_page_len> into);

/// Makes `page`, which is empty and nobody looks at, what the bytes say. `is_last`: of its chain; all others are full.
/// @return false if they are no page of a directory that shares the leading bits of `saved`, or one in which a look-up could miss an
///   entry; then it is of no use
[[nodiscard]] bool decode_page(std::string_view bytes, const SavedPage& saved, bool is_last, Page& page) noexcept;

}  // namespace datawal::kv
