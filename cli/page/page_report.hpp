#pragma once
// One page with a store, or a summary of it, inside.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <datawal/error.hpp>
#include <datawal/options.hpp>
#include <datawal/survey.hpp>

namespace datawal::cli {

struct PageOptions {
  std::uint64_t embed_limit = 16ULL << 20;  ///< a store with more bytes is summed up
  bool with_values = true;                  ///< false: no byte of a value, and so no segment, is in the page
  std::string title{};
  std::string made_at{};  ///< in words
};

struct PageMade {
  SurveyReport report{};
  std::uint64_t segments_inside = 0;
  std::uint64_t bytes = 0;  ///< of the page
};

/// Hands the page of the store in `dir` to `write`, piece by piece; nothing where there is no store. Takes no lock.
[[nodiscard]] Result<PageMade> make_page(const std::filesystem::path& dir, const PageOptions& options,
                                         const ProgressCallback& on_progress,
                                         const std::function<Result<void>(std::string_view)>& write);

}  // namespace datawal::cli
