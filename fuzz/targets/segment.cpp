// Oracle: scanning one segment gives the records, the end and the reason to stop that the reference codec gives, however
// the reads are cut; what lies behind is found as a plain search finds it; memory stays within twice the file.
#include <cstdint>
#include <string>
#include <string_view>

#include "segment/resync.hpp"
#include "segment/scanner.hpp"
#include "support/allocation_watch.hpp"
#include "support/memory_file.hpp"
#include "support/oracle.hpp"
#include "support/recipe.hpp"
#include "support/reference_recovery.hpp"

namespace datawal::fuzz {
namespace {

constexpr std::size_t pieces[] = {1 << 20, 4096, 100'000, 37, 262'144, 5};

std::string segment_of(const Recipe& recipe) {
  std::string bytes;
  for (const RecipeFile& file : recipe.files) bytes += file.bytes;
  return bytes;
}

void compare_scan(segment::Scanner& scanner, const ReferenceWalk& want, std::string_view bytes) {
  for (const ReferenceRecord& record : want.records) {
    const Result<format::Stop> stop = scanner.next();
    require(stop && *stop == format::Stop::none, "a record of the reference is found");
    require(scanner.frame_offset() == record.offset, "it lies where the reference has it");
    const format::DecodedRecord& frame = scanner.frame();
    require(static_cast<int>(frame.type) == record.type && frame.txid == record.txid && frame.key == record.key &&
                frame.payload == record.payload,
            "it is the reference's record");
  }
  for (int n = 0; n < 2; ++n) {
    const Result<format::Stop> stop = scanner.next();
    require(
        stop && *stop == want.stop, "the scan stops for the reference's reason, and again",
        stop ? std::string(format::describe(*stop)) + ", not " + std::string(format::describe(want.stop)) : "error");
    require(scanner.end() == want.end, "the valid prefix ends where the reference ends it");
  }
  scanner.look_again(bytes.size());
  const Result<format::Stop> stop = scanner.next();
  require(stop && *stop == want.stop, "looking again finds the same reason");
}

void compare_tail(MemoryFile& file, std::uint64_t begin, std::string_view bytes) {
  const std::string_view tail = bytes.substr(begin);
  const std::size_t last = tail.find_last_not_of('\0');
  const std::uint64_t data_end = begin + (last == std::string_view::npos ? 0 : last + 1);
  const Result<std::uint64_t> found_end = segment::end_of_data(file, begin, bytes.size());
  require(found_end && *found_end == data_end, "the last byte that is not zero is found");
  const Result<std::uint64_t> count = segment::count_records(file, begin, bytes.size());
  const ReferenceSearch search = reference_search(tail);
  require(count.has_value(), "the tail can be searched");
  if (search.crc_work <= 8 * tail.size()) {
    require(*count == search.count, "every record behind the stop is counted");
  } else {
    require(*count <= search.count, "no record is counted that is not there");
  }
}

}  // namespace
}  // namespace datawal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT(*-naming): libFuzzer's
  using namespace datawal::fuzz;
  const Recipe recipe = read_recipe({reinterpret_cast<const char*>(data), size});
  const std::string bytes = segment_of(recipe);
  const ReferenceWalk want = reference_walk(1, bytes);
  MemoryFile file(bytes, pieces[recipe.option(0) % std::size(pieces)]);
  {
    const AllocationWatch watch(bytes.size());
    datawal::segment::Scanner scanner;
    scanner.start(file, 0, bytes.size());
    compare_scan(scanner, want, bytes);
    // From a place in the middle, and with a limit that lies before the end.
    if (!want.records.empty()) {
      const std::size_t from = recipe.option(1) % want.records.size();
      const std::uint64_t limit = bytes.size() -
                                  std::min<std::size_t>(recipe.option(2), bytes.size() - want.records[from].offset);
      scanner.start(file, want.records[from].offset, limit);
      ReferenceWalk part = reference_walk(
          1, std::string_view(bytes).substr(want.records[from].offset, limit - want.records[from].offset));
      for (ReferenceRecord& record : part.records) record.offset += want.records[from].offset;
      part.end += want.records[from].offset;
      compare_scan(scanner, part, std::string_view(bytes).substr(0, limit));
    }
  }
  const AllocationWatch watch(bytes.size());
  compare_tail(file, want.end, bytes);
  return 0;
}
