#include "kv/jsonl_export.hpp"

#include <memory>
#include <string>
#include <utility>

#include <datawal/base64.hpp>

#include "format/seam_error.hpp"
#include "kv/output_file.hpp"

namespace datawal::kv {

namespace {

constexpr std::size_t piece_len = 256 * 1024;  // bytes: beyond that a piece holds one line
constexpr std::uint32_t new_file_mode = 0600;

}  // namespace

Result<ExportStats> export_lines(LiveView view, const ExportOptions& options,
                                 const std::function<Result<bool>(std::string_view)>& sink) {
  if (Result<void> sorted = view.sort(); !sorted) return propagate(sorted);
  ExportStats stats;
  std::string piece;
  const auto hand_over = [&]() -> Result<bool> {
    Result<bool> more = sink(piece);
    stats.bytes_written += piece.size();
    piece.clear();
    return more;
  };
  bool stopped = false;
  Result<void> walked = view.for_each(options.on_progress, [&](const format::DecodedRecord& record) -> Result<bool> {
    piece.append(R"({"key_b64":")");
    append_base64(piece, record.key);
    piece.append(R"(","value_b64":")");
    append_base64(piece, record.payload);
    piece.append("\"}\n");
    ++stats.records_written;
    if (piece.size() < piece_len) return true;
    Result<bool> more = hand_over();
    stopped = more && !*more;
    return more;
  });
  if (!walked) return propagate(walked);
  if (!piece.empty() && !stopped) {
    if (Result<bool> more = hand_over(); !more) return propagate(more);
  }
  return stats;
}

Result<ExportStats> export_file(LiveView view, const ExportOptions& options, safeatomic::FileSystem& file_system,
                                const std::filesystem::path& file) {
  if (!file.has_filename()) {
    return std::unexpected(
        Error{.code = Errc::invalid_argument, .action = "export", .path = file, .detail = "the path names no file"});
  }
  safeatomic::Result<std::unique_ptr<safeatomic::Directory>> directory = file_system.open_directory(file.parent_path());
  if (!directory) return format::lift(directory, "export");
  Result<OutputFile> output = OutputFile::create(file_system, **directory, new_file_mode, "export");
  if (!output) return propagate(output);
  Result<ExportStats> stats = export_lines(std::move(view), options, [&output](std::string_view lines) -> Result<bool> {
    if (Result<void> written = output->append(lines); !written) return propagate(written);
    return true;
  });
  if (!stats) return stats;
  if (Result<void> replaced = output->replace(file.filename().string()); !replaced) return propagate(replaced);
  return stats;
}

}  // namespace datawal::kv
