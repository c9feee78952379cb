// Oracle: importing lines puts exactly those that a plain parser of its own takes for records, in order, however the input
// is cut into pieces; without skip_bad it stops at the first other line and says its number; an export gives the same store.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <string_view>

#include <datawal/data_wal.hpp>

#include "support/allocation_watch.hpp"
#include "support/oracle.hpp"
#include "support/reference_jsonl.hpp"
#include "support/scratch.hpp"

namespace datawal::fuzz {
namespace {

using Pairs = std::map<std::string, std::string>;

DataWal::Source source_of(std::string_view text, std::size_t piece) {
  return [text, piece](std::span<char> into) mutable -> Result<std::size_t> {
    const std::size_t len = std::min({into.size(), piece, text.size()});
    std::memcpy(into.data(), text.data(), len);
    text.remove_prefix(len);
    return len;
  };
}

Pairs contents_of(const DataWal& store) {
  Pairs pairs;
  require_ok(store.for_each([&pairs](std::string_view key, std::string_view value) {
    pairs.emplace(key, value);
    return true;
  }),
             "all pairs can be read");
  return pairs;
}

DataWal open_new(const std::filesystem::path& dir) {
  Result<DataWal> store = DataWal::open(dir);
  require_ok(store, "a new store opens");
  return std::move(*store);
}

void import_all(std::string_view text, const std::vector<ReferenceLine>& lines, std::size_t piece) {
  Pairs want;
  std::uint64_t good = 0;
  for (const ReferenceLine& line : lines) {
    if (!line.pair) continue;
    ++good;
    want[line.pair->key] = line.pair->value;
  }
  DataWal store = open_new(scratch() / "all");
  const Result<ImportStats> stats = [&] {
    const AllocationWatch watch(2 * text.size());
    return store.import_jsonl_from(source_of(text, piece), "input", {.skip_bad = true});
  }();
  require_ok(stats, "bad lines can be left out");
  require(stats->records_read == good && stats->records_written == good, "every record of the plain parser is put");
  require(stats->lines_rejected == lines.size() - good, "every other line is counted");
  require(contents_of(store) == want, "the store is the fold of the records");

  const std::filesystem::path file = scratch() / "export.jsonl";
  require_ok(store.export_jsonl(file), "a store can be exported");
  DataWal copy = open_new(scratch() / "copy");
  require_ok(copy.import_jsonl(file), "an export can be imported");
  require(contents_of(copy) == want, "an export gives the same store");
}

void import_strictly(std::string_view text, const std::vector<ReferenceLine>& lines, std::size_t piece) {
  Pairs want;
  std::size_t bad = 0;  // counted from 1
  for (const ReferenceLine& line : lines) {
    if (!line.pair) {
      bad = line.number;
      break;
    }
    want[line.pair->key] = line.pair->value;
  }
  DataWal store = open_new(scratch() / "strict");
  const Result<ImportStats> stats = store.import_jsonl_from(source_of(text, piece), "input");
  require(stats.has_value() == (bad == 0), "a bad line ends it");
  if (!stats) {
    require(stats.error().code == Errc::invalid_argument, "for that reason");
    require(stats.error().detail.starts_with("line " + std::to_string(bad) + ":"), "and it is named",
            stats.error().detail);
  }
  require(contents_of(store) == want, "the lines before it are kept, and none behind it");
}

}  // namespace
}  // namespace datawal::fuzz

// NOLINTBEGIN(readability-identifier-naming): libFuzzer's names
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace datawal::fuzz;
  constexpr std::size_t pieces[] = {1 << 20, 1, 7, 64, 4096};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lines = reference_lines(text);
  const std::size_t piece = pieces[size % std::size(pieces)];
  clear_scratch();
  import_all(text, lines, piece);
  import_strictly(text, lines, piece);
  return 0;
}

#ifdef DATAWAL_LIBFUZZER
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

// A third of the time a whole line is added or doubled; else bytes change.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  constexpr std::string_view good[] = {R"({"key_b64":"YQ==","value_b64":""}
)",
                                       R"( { "value_b64" : "YWJj", "key_b64" : "YWI=" }
)",
                                       R"({"k\u0065y_b64":"YW\u004aj","value_b64":"\/\/\/\/"}
)"};
  std::minstd_rand random(seed + 1);
  if (random() % 3 != 0) return LLVMFuzzerMutate(data, size, max_size);
  std::string text(reinterpret_cast<const char*>(data), size);
  std::size_t at = size == 0 ? 0 : text.find('\n', random() % size);
  at = at == std::string::npos ? text.size() : at + 1;
  text.insert(std::min(at, text.size()), good[random() % std::size(good)]);
  size = std::min(text.size(), max_size);
  std::copy_n(text.begin(), size, data);
  return size;
}
#endif
// NOLINTEND(readability-identifier-naming)
