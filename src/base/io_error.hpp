#pragma once
// Turns errors of the operating system's side into errors of this library.

#include <string_view>

#include <datawal/error.hpp>
#include <safeatomic/error.hpp>

namespace datawal {

/// propagate() across the seam: turns a failed call below into a failed call of this library.
template <class T>
[[nodiscard, gnu::cold]] std::unexpected<Error> io_failure(const safeatomic::Result<T>& failed,
                                                           std::string_view action = {}) {
  return std::unexpected<Error>(error_of(failed.error(), action));
}

}  // namespace datawal
