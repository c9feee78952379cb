#pragma once
// How a target says that an expectation does not hold: at once, and fatally, so that the fuzzer keeps the input.

#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string>
#include <string_view>

namespace datawal::fuzz {

/// Ends the process if `holds` is false.
inline void require(bool holds, std::string_view what, const std::string& detail = {},
                    std::source_location where = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "ORACLE: %s:%u: not so: %.*s%s%s\n", where.file_name(), static_cast<unsigned>(where.line()),
               static_cast<int>(what.size()), what.data(), detail.empty() ? "" : ": ", detail.c_str());
  std::fflush(nullptr);
  std::abort();
}

/// require() for a result: prints why it failed.
template <class ResultOf>
void require_ok(const ResultOf& result, std::string_view what,
                std::source_location where = std::source_location::current()) {
  if (!result) require(false, what, result.error().message(), where);
}

}  // namespace datawal::fuzz
