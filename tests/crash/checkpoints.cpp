#include "crash/checkpoints.hpp"

#include <optional>
#include <utility>

#include <datawal/record_log.hpp>
#include <datawal/record_log_reader.hpp>

namespace datawal::crash {

namespace {

std::optional<std::vector<Record>> records_of(const std::string& directory, World& world) {
  const Result<RecordLogReader> reader = RecordLogReader::open(directory, {.file_system = &world.file_system});
  if (!reader) {
    world.violated(Invariant::whole_or_absent, reader.error().message());
    return std::nullopt;
  }
  std::vector<Record> records;
  RecordCursor cursor = reader->records();
  for (;;) {
    const Result<std::optional<RecordView>> record = cursor.next();
    if (!record) world.violated(Invariant::whole_or_absent, record.error().message());
    if (!record || !*record) return records;
    const RecordView& view = **record;
    records.push_back({view.type, view.txid, std::string(view.key), std::string(view.payload), view.ref});
  }
}

}  // namespace

std::string Checkpoints::attempt(const Notes& log) {
  copies_.push_back({.directory = "/checkpoint" + std::to_string(copies_.size() + 1), .notes = log});
  copies_.back().notes.synced();  // all that the log has, or nothing
  return copies_.back().directory;
}

std::string Checkpoints::newest() const {
  std::string directory;
  for (const Copy& copy : copies_) {
    if (copy.is_made) directory = copy.directory;
  }
  return directory;
}

void Checkpoints::check(World& world) {
  bool is_there = false;
  for (Copy& copy : copies_) is_there = check(copy, world);
  if (is_there && !world.is_last) go_on(copies_.back(), world);
}

bool Checkpoints::check(Copy& copy, World& world) {
  if (!world.machine.open_directory(copy.directory)) {
    if (copy.is_made) world.violated(Invariant::acknowledged_is_there, copy.directory + " is not there");
    return false;
  }
  const std::optional<std::vector<Record>> records = records_of(copy.directory, world);
  if (!records) return false;
  World own = world;
  own.violated = [&](Invariant, const std::string& text) {
    world.violated(Invariant::whole_or_absent, copy.directory + ": " + text);
  };
  copy.notes.found(*records, own);
  return true;
}

void Checkpoints::go_on(Copy& copy, World& world) {
  Result<RecordLog> log = RecordLog::open(copy.directory, {.file_system = &world.file_system});
  if (!log) {
    world.violated(Invariant::open_succeeds, log.error().message());
    return;
  }
  copy.is_made = true;  // what `open` counts is durable, by name too
  const std::string payload = payload_of(copy.notes.next_number(), 50);
  copy.notes.attempt({RecordType::Raw, {}, payload});
  if (const Result<RecordRef> appended = log->append(payload, {.sync = true}); !appended) {
    world.violated(Invariant::appends_go_on, appended.error().message());
    return;
  }
  copy.notes.took();
  copy.notes.synced();
}

std::uint64_t Checkpoints::hash() const noexcept {
  std::uint64_t hash = copies_.size();
  for (const Copy& copy : copies_) hash = mixed(hash, copy.notes.hash() + (copy.is_made ? 1 : 0));
  return hash;
}

}  // namespace datawal::crash
