#pragma once
// Writes live records as lines of JSON.

#include <filesystem>
#include <functional>
#include <string_view>

#include <datawal/error.hpp>
#include <datawal/jsonl.hpp>
#include <safeatomic/file_system.hpp>

#include "kv/projection/live_view.hpp"

namespace datawal::kv {

/// Passes the lines of `view`, sorted, to `sink` in pieces of whole lines.
[[nodiscard]] Result<ExportStats> export_lines(LiveView view, const ExportOptions& options,
                                               const std::function<Result<bool>(std::string_view)>& sink);

/// The same into `file`, which is replaced once the new one is complete. Errors as DataWal::export_jsonl.
[[nodiscard]] Result<ExportStats> export_file(LiveView view, const ExportOptions& options,
                                              safeatomic::FileSystem& file_system, const std::filesystem::path& file);

}  // namespace datawal::kv
