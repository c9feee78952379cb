#include <string_view>
#include <utility>

#include "kv/jsonl/jsonl_export.hpp"
#include "kv/jsonl/jsonl_import.hpp"
#include "kv/store/data_wal_impl.hpp"

namespace datawal {

Result<ExportStats> DataWal::export_jsonl(const std::filesystem::path& file, const ExportOptions& options) const {
  if (!impl_) return std::unexpected(Impl::moved_from());
  Result<kv::LiveView> live = impl_->walk();
  if (!live) return propagate(live);
  return kv::export_file(std::move(*live), options, impl_->file_system(), file);
}

Result<ExportStats> DataWal::export_jsonl_to(const Sink& sink, const ExportOptions& options) const {
  if (!impl_) return std::unexpected(Impl::moved_from());
  Result<kv::LiveView> live = impl_->walk();
  if (!live) return propagate(live);
  return kv::export_lines(std::move(*live), options,
                          [&sink](std::string_view lines) -> Result<bool> { return sink(lines); });
}

Result<ImportStats> DataWal::import_jsonl(const std::filesystem::path& file, const ImportOptions& options) {
  if (!impl_) return std::unexpected(Impl::moved_from());
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  return kv::import_file(impl_->file_system(), file, options,
                         [this](std::string_view key, std::string_view value) { return put(key, value); });
}

Result<ImportStats> DataWal::import_jsonl_from(const Source& source, const std::filesystem::path& name,
                                               const ImportOptions& options) {
  if (!impl_) return std::unexpected(Impl::moved_from());
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  return kv::import_lines(source, name, 0, options,
                          [this](std::string_view key, std::string_view value) { return put(key, value); });
}

}  // namespace datawal
