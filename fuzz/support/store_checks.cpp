#include "support/store_checks.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "support/allocation_watch.hpp"
#include "support/oracle.hpp"

namespace datawal::fuzz {
namespace {

namespace fs = std::filesystem;

ReferenceRecord by_value(const RecordView& view) {
  return {view.ref.segment, view.ref.offset,       static_cast<int>(view.type),
          view.txid,        std::string(view.key), std::string(view.payload)};
}

// Everything that the cursor gives, and the error that it ends with.
std::optional<Error> read_all(RecordCursor cursor, std::vector<ReferenceRecord>& records) {
  for (;;) {
    const Result<std::optional<RecordView>> next = cursor.next();
    if (!next) {
      require(!cursor.next().has_value(), "an error comes again");
      return next.error();
    }
    if (!*next) return std::nullopt;
    records.push_back(by_value(**next));
  }
}

void require_place(const Error& error, const Prediction& want) {
  const Errc code = want.outcome == Outcome::unsupported ? Errc::unsupported_version : Errc::corruption;
  require(error.code == code, "it is refused for the reason in the table", error.message());
  if (!want.names_a_place) return;
  require(error.segment == want.segment && error.offset == want.offset, "and for that place", error.message());
}

std::map<std::string, std::string> fold(const std::vector<ReferenceRecord>& records) {
  std::map<std::string, std::string> live;
  for (const ReferenceRecord& record : records) {
    if (record.type == 1) live[record.key] = record.payload;
    if (record.type == 2) live.erase(record.key);
  }
  return live;
}

template <class Kv>
void require_contents(const Kv& kv, const std::map<std::string, std::string>& want) {
  std::map<std::string, std::string> got;
  const Result<void> walked = kv.for_each([&got](std::string_view key, std::string_view value) {
    require(got.emplace(key, value).second, "a key comes once");
    return true;
  });
  require_ok(walked, "all pairs can be read");
  require(got == want, "keys and values are the fold of the records");
  require(kv.size() == want.size(), "the size is their number");
  for (const auto& [key, value] : want) {
    const Result<std::optional<std::string>> found = kv.get(key);
    require(found && *found && **found == value, "a live key is found with its value");
  }
  const Result<std::optional<std::string>> absent = kv.get("no such key");
  require(absent && !*absent, "an absent key is not found");
}

using RawList = std::vector<std::tuple<std::uint64_t, std::string, std::string>>;

RawList raw_records(const RecordLog& log) {
  std::vector<ReferenceRecord> all;
  require(!read_all(log.records(), all), "a log that is open has no damage");
  RawList raw;
  for (ReferenceRecord& record : all) {
    if (record.type == 0) raw.emplace_back(record.txid, std::move(record.key), std::move(record.payload));
  }
  return raw;
}

// compact() changes neither keys and values nor the Raw records, now and after opening again.
void require_same_after_compacting(Result<DataWal>& kv, const fs::path& store,
                                   const std::map<std::string, std::string>& want, const OpenOptions& options) {
  const RawList raw = raw_records(kv->log());
  const std::uint64_t last_txid = kv->log().last_txid();
  require_ok(kv->compact({.min_garbage_ratio = 0}), "a sound store can be compacted in place");
  require_contents(*kv, want);
  require(raw_records(kv->log()) == raw, "compacting keeps the Raw records");
  require_ok(kv->close(), "a compacted store can be closed");
  kv = DataWal::open(store, options);
  require_ok(kv, "a compacted store opens");
  require_contents(*kv, want);
  require(raw_records(kv->log()) == raw, "with the same Raw records");
  require(kv->log().last_txid() == last_txid, "and no txid is given out again");
}

// The bytes that repair() must have kept, in log order.
std::string bytes_to_keep(const Image& before, const Prediction& want) {
  std::map<std::uint32_t, std::string> segments;
  for (const auto& [name, content] : before) {
    if (const std::uint32_t id = segment_id(name); id != 0) segments[id] = content;
  }
  // Where segments are missing behind the last one, or none is there, the cut is at the end of what is there.
  std::uint32_t at = want.segment;
  std::uint64_t offset = want.offset;
  if (!segments.contains(at)) {
    if (segments.empty()) return {};
    at = segments.rbegin()->first;
    std::uint64_t previous = 0;
    for (const ReferenceRecord& record : want.records) {
      if (record.segment < at) previous = std::max(previous, record.txid);
    }
    offset = reference_walk(at, segments[at], previous).end;
  }
  std::string kept;
  for (const auto& [id, content] : segments) {
    if (id < at) continue;
    std::string rest = id == at ? content.substr(offset) : content;
    if (id == at) rest.resize(rest.find_last_not_of('\0') + 1);
    kept += rest;
  }
  return kept;
}

}  // namespace

void require_records(const RecordLog& log, const std::vector<ReferenceRecord>& want) {
  std::vector<ReferenceRecord> got;
  require(!read_all(log.records(), got), "a log that was opened has no damage");
  require(got == want, "the log holds the records of the prefix");
  for (const ReferenceRecord& record : want) {
    const std::string frame = test::reference_encode(record.type, record.txid, record.key, record.payload);
    const auto crc = static_cast<std::uint32_t>(test::get_little_endian(frame, frame.size() - 4, 4));
    const RecordRef ref{record.segment, record.offset, static_cast<std::uint32_t>(frame.size()), record.txid, crc};
    const Result<Record> read = log.read(ref);
    require_ok(read, "a record can be read by its place");
    require(read->txid == record.txid && read->key == record.key && read->payload == record.payload,
            "and is the same there");
  }
}

void check_readers(const fs::path& store, const Prediction& want, bool lock_can_be_asked) {
  std::vector<ReferenceRecord> got;
  std::optional<Error> error;
  std::size_t bytes_there = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(store)) {
    if (entry.symlink_status().type() == fs::file_type::regular) bytes_there += entry.file_size();
  }
  {
    const Result<RecordLogReader> reader = RecordLogReader::open(store);
    if (!want.names_a_place) {
      require(!reader && reader.error().code == Errc::corruption, "an entry named like a segment must be a file");
      return;
    }
    require_ok(reader, "a reader opens any store");
    error = read_all(reader->records(), got);
  }
  require(got == want.records, "a reader shows the valid prefix");
  if (lock_can_be_asked)
    require(error.has_value() == (want.outcome != Outcome::opens), "and then says what the table says");
  if (lock_can_be_asked && error) require_place(*error, want);

  const AllocationWatch watch(bytes_there);
  const Result<VerifyReport> report = verify(store);
  require_ok(report, "any store can be verified");
  require(report->frames_checked == want.records.size(), "verify checks the valid prefix");
  if (!lock_can_be_asked) return;
  require(report->damage.has_value() == (want.outcome != Outcome::opens), "verify says what the table says");
  if (report->damage) return require_place(*report->damage, want);
  require(report->recovery.tail_truncated == !want.torn.empty(), "verify tells a tear");
}

void require_refused(const Result<RecordLog>& opened, const Prediction& want) {
  require(!opened, "a store that the table refuses is refused");
  require_place(opened.error(), want);
}

void require_repair(const fs::path& store, const Image& before, const Prediction& want, const OpenOptions& options) {
  const Result<RepairReport> report = repair(store, options);
  if (want.outcome == Outcome::unsupported || !want.names_a_place) {
    require(!report, "what is no damage is not repaired");
    require(image_of(store) == before, "and not changed");
    return;
  }
  std::uint32_t highest_id = want.segment;
  for (const auto& [name, content] : before) highest_id = std::max(highest_id, segment_id(name));
  if (const auto file = before.find(".watermark"); file != before.end()) {
    highest_id = std::max(highest_id, reference_watermark(file->second).value_or(ReferenceWatermark{}).segment);
  }
  if (!report) {
    require(highest_id == 99'999'999 && report.error().code == Errc::invalid_argument,
            "a damaged store can be repaired", report.error().message());
    return;
  }
  const Image after = image_of(store);
  std::string kept;
  for (const fs::path& path : report->quarantine_paths) {
    const auto file = after.find(path.filename().string());
    require(file != after.end() && !before.contains(file->first), "a quarantine file is a new one");
    kept += file->second;
  }
  const std::string cut = bytes_to_keep(before, want);
  require(kept == cut, "every byte that is cut is kept");
  require(report->bytes_quarantined == cut.size(), "and counted");

  const Prediction repaired = predict(after, store);
  require(repaired.outcome == Outcome::opens && repaired.torn.empty(), "a repaired store opens");
  require(repaired.records == want.records, "and holds the valid prefix");
  Result<RecordLog> log = RecordLog::open(store, options);
  require_ok(log, "a repaired store opens");
  require_records(*log, want.records);
  require(log->last_txid() >= want.last_txid_shown(), "no txid of what is shown is given out again");
  // Which of the records in what was cut were the log's is for named tests; here, that its txids are not out of thin air.
  std::uint64_t highest = want.last_txid_shown();
  for (const ReferenceRecord& frame : reference_frames(cut)) highest = std::max(highest, frame.txid);
  if (const auto file = before.find(".watermark"); file != before.end()) {
    highest = std::max(highest, reference_watermark(file->second).value_or(ReferenceWatermark{}).txid);
  }
  require(log->last_txid() <= highest, "the next txid is behind one that is there");
}

void require_projection(const fs::path& store, const std::vector<ReferenceRecord>& records, const OpenOptions& options,
                        const fs::path& copy) {
  std::map<std::string, std::string> want = fold(records);
  {
    const Result<DataWalReader> reader = DataWalReader::open(store);
    require_ok(reader, "a sound store opens as keys and values, to be read");
    require_contents(*reader, want);
  }
  Result<DataWal> kv = DataWal::open(store, options);
  require_ok(kv, "a sound store opens as keys and values");
  require_contents(*kv, want);
  const Result<CompactionStats> compacted = kv->compact_to(copy, {.raw = RawRecords::include});
  require_ok(compacted, "a sound store can be compacted");
  const Result<DataWalReader> small = DataWalReader::open(copy);
  require_ok(small, "a compacted copy opens");
  require_contents(*small, want);
  require(compacted->live_keys == want.size(), "compacting counts the live keys");
  if (kv->log().last_txid() > UINT64_MAX - 2 || kv->log().active_segment() == 99'999'999) return;
  require_ok(kv->put("a", "newest"), "a key can be put");
  require_ok(kv->erase("aa"), "a key can be erased");
  want["a"] = "newest";
  want.erase("aa");
  require_contents(*kv, want);
  require_same_after_compacting(kv, store, want, options);
}

void require_none_from_inside(const std::vector<ReferenceRecord>& found, const Image& image,
                              const std::vector<ReferenceRecord>& prefix) {
  using Content = std::tuple<std::uint64_t, int, std::string, std::string>;
  std::set<Content> allowed;
  std::map<std::uint32_t, std::uint64_t> prefix_end;
  for (const ReferenceRecord& record : prefix) {
    allowed.emplace(record.txid, record.type, record.key, record.payload);
    prefix_end[record.segment] = record.offset + 28 + record.key.size() + record.payload.size();
  }
  for (const auto& [name, content] : image) {
    const std::uint32_t id = segment_id(name);
    if (id == 0) continue;
    for (const ReferenceRecord& frame : reference_frames(std::string_view(content).substr(prefix_end[id]))) {
      allowed.emplace(frame.txid, frame.type, frame.key, frame.payload);
    }
  }
  for (const ReferenceRecord& record : found) {
    require(allowed.contains({record.txid, record.type, record.key, record.payload}),
            "nothing is salvaged from inside a whole record");
  }
}

void require_contains_prefix(const std::vector<ReferenceRecord>& found, const std::vector<ReferenceRecord>& source) {
  std::map<std::uint64_t, const ReferenceRecord*> by_txid;
  for (const ReferenceRecord& record : found) by_txid[record.txid] = &record;
  std::set<std::uint64_t> seen;
  for (const ReferenceRecord& record : source) {
    if (!seen.insert(record.txid).second) continue;
    const auto same = by_txid.find(record.txid);
    require(same != by_txid.end(), "a record of the valid prefix is salvaged");
    require(std::tie(same->second->type, same->second->key, same->second->payload) ==
                std::tie(record.type, record.key, record.payload),
            "and unaltered");
  }
}

}  // namespace datawal::fuzz
