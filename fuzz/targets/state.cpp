// Oracle: whatever `.state` holds, a log opens, and shows every record that it holds, in its order and no other; what it counts is right
// unless the checksums of a changed state were made right again. It takes no memory but in proportion to what is there.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include <datawal/format.hpp>
#include <datawal/record_log.hpp>
#include <datawal/record_log_reader.hpp>
#include <datawal/saved_state.hpp>

#include "support/allocation_watch.hpp"
#include "support/oracle.hpp"
#include "support/saved_file.hpp"
#include "support/scratch.hpp"

namespace datawal::fuzz {
namespace {

constexpr std::uint64_t covered = 240;
constexpr std::uint64_t behind = 10;

// Some hold a whole frame, as if it were a record of the log.
std::string payload_of(std::uint64_t txid) {
  std::string payload = "record " + std::to_string(txid);
  if (txid % 7 != 0) return payload;
  std::string frame(60, '\0');
  const auto len = format::encode(RecordType::Raw, txid + 1, {}, "not one",
                                  std::span<char>(frame.data(), frame.size()));
  require(len.has_value(), "a frame can be made");
  return payload + frame.substr(0, *len);
}

OpenOptions with_state() {
  OpenOptions options{.max_segment_bytes = 2000};
  options.state = {.is_enabled = true, .write_at_rotation = false, .write_at_close = false};
  return options;
}

// Made once: the state names the files that are there.
struct Stated {
  std::filesystem::path dir = scratch() / "stated";
  std::string state{};
  std::size_t bytes = 0;

  Stated() {
    clear_scratch();
    Result<RecordLog> log = RecordLog::open(dir, with_state());
    require_ok(log, "a log can be made");
    for (std::uint64_t txid = 1; txid <= covered + behind; ++txid) {
      require_ok(log->append(payload_of(txid)), "it can be filled");
      if (txid == covered) require_ok(log->save_state(), "and its state written");
    }
    require_ok(log->close(), "and be closed");
    std::ifstream file(dir / ".state", std::ios::binary);
    state.assign(std::istreambuf_iterator<char>(file), {});
    bytes = size_of(image_of(dir));
  }
};

void check_records(RecordCursor cursor) {
  for (std::uint64_t txid = 1;; ++txid) {
    const Result<std::optional<RecordView>> record = cursor.next();
    require_ok(record, "every record can be read");
    if (!*record) {
      require(txid == covered + behind + 1, "no record is hidden", std::to_string(txid));
      return;
    }
    require((*record)->txid == txid && (*record)->payload == payload_of(txid), "a record is the one that was appended");
  }
}

void check_log(const Stated& original, const std::string& state, bool is_crafted) {
  {
    std::ofstream file(original.dir / ".state", std::ios::binary | std::ios::trunc);
    file.write(state.data(), static_cast<std::streamsize>(state.size()));
  }
  const AllocationWatch watch(original.bytes + 2 * state.size() + (2 << 20));
  (void)inspect_state(original.dir);
  require_ok(check_state(original.dir), "it can be checked");
  Result<RecordLogReader> reader = RecordLogReader::open(original.dir, {.uses_state = true});
  require_ok(reader, "a reader opens it");
  const Result<bool> changed = reader->refresh();
  require(changed && !*changed, "nothing is new to a reader");
  require_ok(reader->durable_end(), "it is told how far the log is durable");
  check_records(reader->records());
  Result<RecordLog> log = RecordLog::open(original.dir, with_state());
  require_ok(log, "no state keeps a sound log from being opened");
  check_records(log->records());
  const RecoveryReport& report = log->recovery_report();
  require(log->last_txid() == covered + behind, "the newest record is known");
  const bool is_right = report.records_replayed == covered + behind && report.txid_gaps == 0 &&
                        report.last_txid_seen == covered + behind && !report.tail_truncated;
  require(is_right || is_crafted, "what is counted is right");
  require(!report.tail_truncated, "nothing is cut");
  const bool is_used = report.index_state == IndexState::used && report.records_read == behind;
  require(state != original.state || (is_used && is_right), "the original is used");
}

}  // namespace
}  // namespace datawal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT(*-naming): libFuzzer's
  using namespace datawal::fuzz;
  static const Stated original;
  const SavedFile saved = saved_file_of({reinterpret_cast<const char*>(data), size}, original.state, 2,
                                        SavedPages::none);
  check_log(original, saved.bytes, saved.is_crafted);
  return 0;
}
