// A program of somebody who uses datawal, with and without exceptions and run-time types.
#include <datawal/datawal.hpp>
#include <safeatomic/safeatomic.hpp>

#include <cstdio>
#include <memory>

namespace {

// A filesystem of the user's own below a log: its vtable and type information live here alone.
class CountingFileSystem : public safeatomic::FileSystem {
 public:
  safeatomic::Result<std::unique_ptr<safeatomic::Directory>> open_directory(
      const std::filesystem::path& path) override {
    ++opened;
    return safeatomic::posix_file_system().open_directory(path);
  }
  safeatomic::Result<std::uint64_t> random() override { return safeatomic::posix_file_system().random(); }
  int opened = 0;
};

int fail(const char* what, const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", what, why.c_str());
  return 1;
}

}  // namespace

int main() {
  CountingFileSystem files;
  datawal::OpenOptions options;
  options.file_system = &files;
  auto log = datawal::RecordLog::open("events", options);
  if (!log) return fail("open", log.error().message());
  if (auto place = log->append("door opened", {.sync = true}); !place) return fail("append", place.error().message());
  const auto all = log->scan();
  if (!all || all->size() != 1 || files.opened == 0) return fail("scan", "the record is not there");

  auto born = datawal::DataWal::open("born");
  if (!born) return fail("open", born.error().message());
  if (auto put = born->put("ada", "1815"); !put) return fail("put", put.error().message());
  const auto year = born->get("ada");
  if (!year || *year != "1815") return fail("get", "the value is not there");

  if (auto note = safeatomic::write_atomic("note.txt", "whole or not at all"); !note) {
    return fail("write_atomic", note.error().message());
  }
  std::puts("consumer: works");
}
