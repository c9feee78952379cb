#include <safeatomic/atomic_file.hpp>
#include <safeatomic/safeatomic.hpp>

namespace safeatomic {

Result<void> write_atomic(const std::filesystem::path& path, std::string_view content, const Settings& settings) {
  Result<AtomicFile> file = AtomicFile::open(path, settings);
  if (!file) return propagate(file);
  if (const Result<void> written = file->write(content); !written) return written;
  return file->commit();
}

}  // namespace safeatomic
