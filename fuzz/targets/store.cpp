// Oracle: a directory made from the input reads, opens, or is refused exactly as the table of docs/DURABILITY.md says (see
// reference_recovery.hpp); what only looks changes no byte; what is cut is kept; what is appended, single or as a batch, is there
// after reopening and in a checkpoint; keys and values are the fold of the records; a refused store is repaired to its valid
// prefix without losing a byte.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <datawal/datawal.hpp>

#include "support/allocation_watch.hpp"
#include "support/oracle.hpp"
#include "support/recipe.hpp"
#include "support/reference_recovery.hpp"
#include "support/scratch.hpp"
#include "support/store_checks.hpp"

namespace datawal::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t segment_limits[] = {256ULL << 20, 200, 4096, 0};
constexpr std::uint32_t max_segment_id = 99'999'999;

bool is_lock_usable(const fs::path& store) {
  const fs::file_status status = fs::symlink_status(store / ".lock");
  if (status.type() == fs::file_type::not_found) return true;
  return status.type() == fs::file_type::regular && link_count_of(store / ".lock") == 1;
}

struct Case {
  Recipe recipe;
  fs::path store;
  Image before;
  Prediction want;
  OpenOptions options;
};

// What open() left of every file.
void check_files_after_opening(const Case& given, const RecoveryReport& report) {
  Image after = image_of(given.store);
  const std::string active = fs::path(segment::filename(given.want.active)).string();
  for (const auto& [name, content] : given.before) {
    if (name == ".watermark") continue;
    const auto now = after.find(name);
    const bool is_temporary = name.starts_with(".tmp-") && name.ends_with("f.dwal-tmp");
    if (is_temporary) {
      require(now == after.end() || content == "<directory>", "a temporary is removed", name);
      continue;
    }
    require(now != after.end(), "no file is removed", name);
    if (name == active) {
      require(now->second == content.substr(0, given.want.valid_end), "the active segment is cut to its valid prefix");
    } else {
      require(now->second == content, "no other file is changed", name);
    }
  }
  if (given.want.torn.empty() || !given.options.quarantine_torn_tail) {
    require(report.quarantine_path.empty(), "nothing is quarantined where nothing is torn");
    return;
  }
  const std::string kept = report.quarantine_path.filename().string();
  require(kept.starts_with(active + ".torn-" + std::to_string(given.want.valid_end)), "the tear is named by its place");
  require(!given.before.contains(kept), "an earlier quarantine is left alone", kept);
  require(after.contains(kept) && after.at(kept) == given.want.torn, "the torn bytes are kept");
}

void check_report(const Case& given, const RecoveryReport& report) {
  require(report.records_replayed == given.want.records.size(), "every record of the prefix is counted");
  require(report.tail_truncated == !given.want.torn.empty(), "a tear is told");
  require(report.tail_bytes_discarded == given.want.torn.size(), "the torn bytes are counted");
  require(report.preallocated_bytes == given.want.preallocated, "the zeros behind are counted");
  require(report.records_beyond_tear <= reference_frames(given.want.torn).size(),
          "no record is counted that is not there");
}

// The same records with one call.
void append_batch(RecordLog& log, const Case& given, std::vector<ReferenceRecord>& model) {
  const std::size_t count = given.recipe.option(2) % 6U;
  const std::string payload(given.recipe.option(4), 'p');
  const std::string key(3, 'b');
  std::vector<RecordInput> records;
  records.reserve(count);
  for (std::size_t n = 0; n < count; ++n) {
    records.push_back(
        {.type = static_cast<RecordType>((given.recipe.option(3) + n) % 3), .key = key, .payload = payload});
  }
  const std::uint64_t last = log.last_txid();
  const Result<std::vector<RecordRef>> refs = log.append_batch(records, {.sync = count % 2 == 1});
  if (!refs) {
    const bool is_used_up = last > UINT64_MAX - count || log.active_segment() == max_segment_id;
    require(is_used_up && refs.error().code == Errc::invalid_argument, "a batch can be appended",
            refs.error().message());
    return;
  }
  require(refs->size() == count, "a batch has a place for each record");
  for (std::size_t n = 0; n < count; ++n) {
    const RecordRef& ref = (*refs)[n];
    require(ref.txid == last + 1 + n && ref.segment == refs->front().segment, "it lies in one segment, in order");
    model.push_back({ref.segment, ref.offset, static_cast<int>(records[n].type), ref.txid, key, payload});
  }
}

// A checkpoint is the log as it is, whole without a recovery, and changes nothing.
void require_checkpoint(const RecordLog& log, const Case& given, const std::vector<ReferenceRecord>& model) {
  const fs::path copy = scratch() / "checkpoint";
  const Image before = image_of(given.store);
  require_ok(log.checkpoint(copy), "a sound log has a checkpoint");
  require(image_of(given.store) == before, "a checkpoint changes nothing");
  const Prediction copied = predict(image_of(copy), copy);
  require(copied.outcome == Outcome::opens && copied.torn.empty() && copied.preallocated == 0, "a checkpoint is whole");
  require(copied.records == model, "a checkpoint holds what the log holds");
}

// Appends some records, and says what the log holds then.
void append_some(RecordLog& log, const Case& given, std::vector<ReferenceRecord>& model) {
  for (unsigned n = 0; n < given.recipe.option(2) % 6U; ++n) {
    const std::uint64_t last = log.last_txid();
    const auto type = static_cast<RecordType>((given.recipe.option(3) + n) % 3);
    const std::string key(n, 'a');
    const std::string payload(100 * n + given.recipe.option(4), 'p');
    const Result<RecordRef> ref = log.append_record(type, key, payload, {.sync = n % 2 == 1});
    if (!ref) {
      const bool is_used_up = last == UINT64_MAX || log.active_segment() == max_segment_id;
      require(is_used_up && ref.error().code == Errc::invalid_argument, "a record can be appended",
              ref.error().message());
      return;
    }
    require(ref->txid == last + 1 && last != UINT64_MAX, "the txid is one above the last");
    model.push_back({ref->segment, ref->offset, static_cast<int>(type), ref->txid, key, payload});
  }
}

// The store opens: everything that can be done with it.
void use(const Case& given) {
  std::vector<ReferenceRecord> model = given.want.records;
  {
    Result<RecordLog> log = [&] {
      const AllocationWatch watch(size_of(given.before));
      return RecordLog::open(given.store, given.options);
    }();
    require_ok(log, "a store that the table lets open opens");
    check_report(given, log->recovery_report());
    check_files_after_opening(given, log->recovery_report());
    require(log->last_txid() == given.want.last_txid, "txids go on behind the highest");
    require(log->durable_txid() == log->last_txid(), "what is shown was made durable first");
    require_records(*log, model);
    append_some(*log, given, model);
    if (given.recipe.option(3) % 8 >= 4) append_batch(*log, given, model);
    require_records(*log, model);
    if (given.recipe.option(3) % 16 >= 8) require_checkpoint(*log, given, model);
    require_ok(log->close(), "the log can be closed");
  }
  const Prediction again = predict(image_of(given.store), given.store);
  require(again.outcome == Outcome::opens && again.torn.empty() && again.preallocated == 0 && again.records == model,
          "a closed store is whole on disk");
  Result<RecordLog> log = RecordLog::open(given.store, given.options);
  require_ok(log, "a closed store opens again");
  require(!log->recovery_report().tail_truncated, "without a tear");
  require(log->last_txid() == again.last_txid, "with the same last txid");
  require_records(*log, model);
  require_ok(log->close(), "and can be closed");
  require_projection(given.store, model, given.options, scratch() / "compacted");
}

void check_salvage(const Case& given) {
  const fs::path out = scratch() / "salvaged";
  const Result<SalvageReport> report = salvage(given.store, out, given.options);
  require(image_of(given.store) == given.before, "salvaging changes nothing");
  if (!given.want.names_a_place) return;
  require_ok(report, "any store can be salvaged");
  const Prediction result = predict(image_of(out), out);
  require(result.outcome == Outcome::opens && result.torn.empty(), "what was salvaged is sound");
  require(result.records.size() == report->records_salvaged, "it holds what the report says");
  for (std::size_t n = 1; n < result.records.size(); ++n) {
    require(result.records[n].txid > result.records[n - 1].txid, "its txids ascend");
  }
  require_contains_prefix(result.records, given.want.records);
  require_none_from_inside(result.records, given.before, given.want.records);
}

void run(const Case& given) {
  check_readers(given.store, given.want, is_lock_usable(given.store));
  require(image_of(given.store) == given.before, "looking changes no byte");
  if (given.recipe.option(5) % 4 == 1) check_salvage(given);
  if (!is_lock_usable(given.store)) {
    require(!RecordLog::open(given.store, given.options), "a lock that is no file of ours is refused");
    require(image_of(given.store) == given.before, "a refused store is not changed");
    return;
  }
  if (given.want.outcome == Outcome::opens) return use(given);
  const Result<RecordLog> refused = RecordLog::open(given.store, given.options);
  require_refused(refused, given.want);
  require(image_of(given.store) == given.before, "a refused store is not changed");
  require_repair(given.store, given.before, given.want, given.options);
}

}  // namespace
}  // namespace datawal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT(*-naming): libFuzzer's
  using namespace datawal::fuzz;
  clear_scratch();
  Case given;
  given.recipe = read_recipe({reinterpret_cast<const char*>(data), size});
  given.store = scratch() / "store";
  write_recipe(given.recipe, given.store);
  given.before = image_of(given.store);
  given.want = predict(given.before, given.store);
  given.options.max_segment_bytes = segment_limits[given.recipe.option(0) % std::size(segment_limits)];
  given.options.write_path = given.recipe.option(3) % 32 >= 16 ? datawal::WritePath::append
                                                               : datawal::WritePath::mapped;
  given.options.quarantine_torn_tail = given.recipe.option(1) % 4 != 3;
  run(given);
  return 0;
}
