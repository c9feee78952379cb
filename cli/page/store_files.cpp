#include "cli/page/store_files.hpp"

#include <span>

#include <safeatomic/io.hpp>

namespace datawal::cli {

namespace {

template <class T>
std::unexpected<Error> failed(const safeatomic::Result<T>& result, std::string_view action) {
  return std::unexpected(error_of(result.error(), action));
}

}  // namespace

Result<StoreFiles> StoreFiles::open(const std::filesystem::path& dir) {
  safeatomic::Result<std::unique_ptr<safeatomic::Directory>> directory = safeatomic::posix_file_system().open_directory(
      dir);
  if (!directory) return failed(directory, "open store");
  return StoreFiles(std::move(*directory));
}

Result<std::string> StoreFiles::read(std::string_view name, std::uint64_t begin, std::uint64_t end) const {
  const safeatomic::Result<std::unique_ptr<safeatomic::File>> file = directory_->open_file(name, {});
  if (!file) return failed(file, "open file");
  std::string bytes(static_cast<std::size_t>(end - begin), '\0');
  const safeatomic::Result<std::size_t> got = safeatomic::read_all(**file, begin, std::span(bytes));
  if (!got) return failed(got, "read file");
  bytes.resize(*got);
  return bytes;
}

Result<std::uint64_t> StoreFiles::size(std::string_view name) const {
  const safeatomic::Result<safeatomic::FileInfo> info = directory_->info_of(name);
  if (!info) return failed(info, "inspect file");
  return info->size;
}

Result<std::vector<std::string>> StoreFiles::names() const {
  safeatomic::Result<std::vector<std::string>> names = directory_->list();
  if (!names) return failed(names, "list store");
  return std::move(*names);
}

}  // namespace datawal::cli
