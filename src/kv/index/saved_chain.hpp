#pragma once
// A page of a file and those chained to it, as pages in memory.

#include <memory>
#include <string_view>
#include <vector>

#include <datawal/error.hpp>

#include "kv/index/page.hpp"
#include "kv/index/saved_pages.hpp"

namespace datawal::kv {

using Chain = std::vector<std::unique_ptr<Page>>;

/// Makes `into` what the bytes say, with the addresses of memory; the pages are not linked. Throws std::bad_alloc.
/// @return corruption if they are not what was saved
[[nodiscard]] Result<void> decode_chain(PageSource& source, const SavedPage& saved, std::string_view bytes,
                                        Chain& into);

/// Reads them. Errors as PageSource::read.
[[nodiscard]] Result<void> read_chain(PageSource& source, const SavedPage& saved, Chain& into);

}  // namespace datawal::kv
