#pragma once
// Reads lines of JSON as records to put.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include <datawal/error.hpp>
#include <datawal/jsonl.hpp>
#include <safeatomic/file_system.hpp>

namespace datawal::kv {

using PutFunction = std::function<Result<void>(std::string_view key, std::string_view value)>;

/// Calls `put` for each line of the input. Errors as DataWal::import_jsonl, or `put`'s.
/// @param name         of the input, for messages
/// @param bytes_total  of the input, for the progress; 0 if unknown
[[nodiscard]] Result<ImportStats> import_lines(const JsonlSource& source, const std::filesystem::path& name,
                                               std::uint64_t bytes_total, const ImportOptions& options,
                                               const PutFunction& put);

/// The same from a regular file.
[[nodiscard]] Result<ImportStats> import_file(safeatomic::FileSystem& file_system, const std::filesystem::path& file,
                                              const ImportOptions& options, const PutFunction& put);

}  // namespace datawal::kv
