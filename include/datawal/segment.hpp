#pragma once
// The files of a store: `NNNNNNNN.dwal`, ids from 1 to 99999999, gaps allowed, the highest one active. Read-only; any thread.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/options.hpp>

namespace datawal::segment {

inline constexpr std::uint32_t max_id = 99'999'999;  ///< eight decimal digits

/// "00000001.dwal". `id` is at most max_id.
[[nodiscard]] std::string filename(std::uint32_t id);

/// `dir` / filename(id).
[[nodiscard]] std::filesystem::path path(const std::filesystem::path& dir, std::uint32_t id);

/// The id in `name`; nullopt unless it is eight digits, `.dwal` and nothing else, and not 00000000.
[[nodiscard]] std::optional<std::uint32_t> parse_filename(std::string_view name) noexcept;

/// The ids present, ascending.
/// @return not_found if there is no such directory; corruption if an entry named like a segment is not a regular file
[[nodiscard]] Result<std::vector<std::uint32_t>> list_ids(const std::filesystem::path& dir,
                                                          const ReaderOptions& options = {});

/// The highest id; nullopt if there is no segment. Errors as list_ids.
[[nodiscard]] Result<std::optional<std::uint32_t>> active_id(const std::filesystem::path& dir,
                                                             const ReaderOptions& options = {});

/// The id of the next segment: active_id + 1, or 1. invalid_argument when the ids are used up.
[[nodiscard]] Result<std::uint32_t> next_id(const std::filesystem::path& dir, const ReaderOptions& options = {});

/// The file's size in bytes, a preallocated tail included. not_found if it is absent.
[[nodiscard]] Result<std::uint64_t> size(const std::filesystem::path& dir, std::uint32_t id,
                                         const ReaderOptions& options = {});

}  // namespace datawal::segment
