#include "kv/jsonl/jsonl_export.hpp"

#include <memory>
#include <string>
#include <utility>

#include <datawal/base64.hpp>

#include "base/io_error.hpp"
#include "base/output_file.hpp"
#include "log/directory/store_directory.hpp"

namespace datawal::kv {

namespace {

constexpr std::size_t piece_len = 256 * 1024;  // bytes: a longer piece holds one line
constexpr std::uint32_t new_file_mode = 0600;

std::unexpected<Error> refuse(const std::filesystem::path& file, std::string detail) {
  return std::unexpected(
      Error{.code = Errc::invalid_argument, .action = "export", .path = file, .detail = std::move(detail)});
}

Result<bool> is_same(const safeatomic::Directory& one, const safeatomic::Directory& other) {
  const safeatomic::Result<safeatomic::FileInfo> first = one.info();
  if (!first) return io_failure(first, "export");
  const safeatomic::Result<safeatomic::FileInfo> second = other.info();
  if (!second) return io_failure(second, "export");
  return first->device == second->device && first->inode == second->inode;
}

}  // namespace

Result<ExportStats> export_lines(LiveView view, const ExportOptions& options,
                                 const std::function<Result<bool>(std::string_view)>& sink) {
  if (Result<void> sorted = view.sort_by_key(); !sorted) return propagate(sorted);
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
  const std::string name = file.filename().string();
  if (name.empty() || name == "." || name == "..") return refuse(file, "the path names no file");
  safeatomic::Result<std::unique_ptr<safeatomic::Directory>> directory = file_system.open_directory(file.parent_path());
  if (!directory) return io_failure(directory, "export");
  if (log::is_store_name(name)) {
    Result<bool> own = is_same(**directory, view.address_space().directory());
    if (!own) return propagate(own);
    if (*own) return refuse(file, "that name belongs to the store itself");
  }
  Result<OutputFile> output = OutputFile::create(file_system, **directory, new_file_mode, "export");
  if (!output) return propagate(output);
  Result<ExportStats> stats = export_lines(std::move(view), options, [&output](std::string_view lines) -> Result<bool> {
    if (Result<void> written = output->append(lines); !written) return propagate(written);
    return true;
  });
  if (!stats) return stats;
  if (Result<void> replaced = output->replace(name); !replaced) return propagate(replaced);
  return stats;
}

}  // namespace datawal::kv
