#include "interleave/world/kv_world.hpp"

#include <array>
#include <sstream>
#include <utility>

#include <datawal/record_log.hpp>
#include <datawal/record_log_reader.hpp>

#include "interleave/world/kv_settings.hpp"

namespace datawal::interleave {

using safeatomic::sim::DiskImage;
using safeatomic::sim::SimFileSystem;

namespace {

void must(bool done) {
  if (!done) std::abort();
}

void rotate(SimFileSystem& machine) {
  Result<RecordLog> log = RecordLog::open(store_name, plain(machine));
  must(log && log->rotate() && log->close());
}

DiskImage disk_of(KvStart start) {
  return made_by([start](SimFileSystem& machine) {
    if (start != KvStart::three_segments) {
      Result<DataWal> store = DataWal::open(store_name, start == KvStart::indexed ? indexed(machine) : plain(machine));
      must(store && store->put("a", "a1") && store->put("b", "b1") && store->put("a", "a2") && store->put("c", "c1"));
      must(store->close().has_value());
      return;
    }
    {
      Result<DataWal> store = DataWal::open(store_name, plain(machine));
      must(store && store->put("b", "b1") && store->put("c", "c1") && store->put("a", "a1") && store->close());
    }
    rotate(machine);
    {
      Result<DataWal> store = DataWal::open(store_name, plain(machine));
      must(store && store->erase("b") && store->put("d", "d1") && store->close());
    }
    rotate(machine);
  });
}

}  // namespace

KvWorld::KvWorld(KvStart start, const WorldOptions& options) : World(disk_of(start), options) {
  if (start != KvStart::three_segments) {
    states_.push_back({{"a", "a2"}, {"b", "b1"}, {"c", "c1"}});
  } else {
    states_.push_back({{"a", "a1"}, {"c", "c1"}, {"d", "d1"}});
  }
  done_.push_back({});
}

void KvWorld::open(const OpenOptions& options) {
  options_ = options;
  Result<DataWal> store = watch([&] { return DataWal::open(store_name, options_); });
  if (!store) violated(Invariant::sound_store_has_no_error, "open: " + store.error().message());
  store_.emplace(std::move(*store));
  arm();
}

template <class Call>
void KvWorld::change(State next, bool sync, Call call) {
  states_.push_back(std::move(next));
  done_.push_back({0, ~std::uint32_t{0}});
  const std::size_t at = states_.size() - 1;
  const Result<void> done = watch(call);
  if (!done) {
    if (has_failed()) return;
    violated(Invariant::sound_store_has_no_error, "change: " + done.error().message());
  }
  done_[at] = mark();
  last_done_ = at;
  if (sync) last_durable_ = at;
  look_at_crash();
}

void KvWorld::put(const std::string& key, const std::string& value, bool sync) {
  State next = states_.back();
  next[key] = value;
  change(std::move(next), sync, [&] { return store_->put(key, value, {.sync = sync}); });
}

void KvWorld::erase(const std::string& key, bool sync) {
  State next = states_.back();
  next.erase(key);
  change(std::move(next), sync, [&] { return store_->erase(key, {.sync = sync}); });
}

void KvWorld::write(const std::string& key, const std::string& value, const std::string& erased) {
  State next = states_.back();
  next[key] = value;
  next.erase(erased);
  Batch batch;
  batch.put(key, value);
  batch.erase(erased);
  change(std::move(next), false, [&] { return store_->write(batch); });
}

void KvWorld::put_if_absent(const std::string& key, const std::string& value) {
  State next = states_.back();
  const bool is_absent = next.emplace(key, value).second;
  change(std::move(next), false, [&]() -> Result<void> {
    const Result<ChangeOutcome> done = store_->put_if(key, Expect::absent(), value);
    if (!done) return std::unexpected(done.error());
    if (done->is_done != is_absent) violated(Invariant::get_is_a_state, "put_if took " + key + " for something else");
    return {};
  });
}

void KvWorld::get(const std::string& key) {
  const Since begin = since();
  const auto value = watch([&] { return store_->get(key); });
  if (!value) violated(Invariant::sound_store_has_no_error, "get " + key + ": " + value.error().message());
  check_value(key, *value, oldest(begin));
}

void KvWorld::contains(const std::string& key) {
  const Since begin = since();
  const auto is_there = watch([&] { return store_->contains(key); });
  if (!is_there.has_value())
    violated(Invariant::sound_store_has_no_error, "contains " + key + ": " + is_there.error().message());
  for (std::size_t at = oldest(begin); at < states_.size(); ++at) {
    if (states_[at].contains(key) == *is_there) return;
  }
  violated(Invariant::get_is_a_state, "contains " + key);
}

void KvWorld::size() {
  const Since begin = since();
  const std::uint64_t size = watch([&] { return store_->size(); });
  for (std::size_t at = oldest(begin); at < states_.size(); ++at) {
    if (states_[at].size() == size) return;
  }
  violated(Invariant::get_is_a_state, "size is " + std::to_string(size));
}

void KvWorld::stats() {
  const Since begin = since();
  const StoreStats stats = watch([&] { return store_->stats(); });
  for (std::size_t at = oldest(begin); at < states_.size(); ++at) {
    if (states_[at].size() == stats.live_keys) return;
  }
  violated(Invariant::stats_equal_a_recount, "live keys are " + std::to_string(stats.live_keys));
}

void KvWorld::walk() {
  const Since begin = since();
  Result<DataWalCursor> opened = watch([&] { return store_->cursor(); });
  if (!opened) violated(Invariant::sound_store_has_no_error, "cursor: " + opened.error().message());
  std::optional<DataWalCursor> cursor(std::move(*opened));
  const std::size_t to = states_.size() - 1;
  State found;
  for (;;) {
    const Result<std::optional<KeyValue>> next = watch([&] { return cursor->next(); });
    if (!next) violated(Invariant::sound_store_has_no_error, "cursor: " + next.error().message());
    if (!*next) break;
    found.emplace((*next)->key, (*next)->value);
  }
  watch([&] { cursor.reset(); });
  check_state(found, oldest(begin), to, "a cursor");
}

std::optional<DataWalView> KvWorld::take_view() {
  Result<DataWalView> view = watch([&] { return store_->view(); });
  if (!view) violated(Invariant::sound_store_has_no_error, "view: " + view.error().message());
  return std::optional<DataWalView>(std::move(*view));
}

KvWorld::State KvWorld::fold_of(const DataWalView& view) const {
  State found;
  const Result<void> walked = watch([&] {
    return view.for_each([&](std::string_view key, std::string_view value) {
      const Quiet quiet;
      found.emplace(key, value);
      return true;
    });
  });
  if (!walked) violated(Invariant::sound_store_has_no_error, "view: " + walked.error().message());
  const State newest = states_.back();  // others go on meanwhile
  for (const auto& [key, value] : newest) {
    const auto got = watch([&] { return view.get(key); });
    if (!got) violated(Invariant::sound_store_has_no_error, "view: " + got.error().message());
    const auto there = found.find(key);
    if (there == found.end() ? got->has_value() : *got != there->second) {
      violated(Invariant::get_is_a_state, "a view's get and its walk differ: " + key);
    }
  }
  return found;
}

void KvWorld::compact(const CompactOptions& options, bool may_fail) {
  const Result<CompactionStats> done = watch([&] { return store_->compact(options); });
  if (!done && !may_fail && !has_failed()) {
    violated(Invariant::sound_store_has_no_error, "compact: " + done.error().message());
  }
}

void KvWorld::hold() {
  const Result<void> done = watch([&] { return store_->hold_from("consumer", 0); });
  if (!done) violated(Invariant::sound_store_has_no_error, "hold: " + done.error().message());
  held_ = txids_there();
}

void KvWorld::hold_from_outside() {
  const Result<void> done = watch([&] { return hold_from(store_name, "consumer", 0, {.file_system = &seam()}); });
  if (!done) violated(Invariant::sound_store_has_no_error, "hold: " + done.error().message());
  held_ = txids_there();
}

void KvWorld::save_index(bool may_fail) {
  const Result<void> done = watch([&] { return store_->save_index(); });
  if (!done && !may_fail && !has_failed()) {
    violated(Invariant::sound_store_has_no_error, "save_index: " + done.error().message());
  }
}

void KvWorld::compact_to(const std::string& directory) {
  const Since begin = since();
  const Result<CompactionStats> done = watch([&] { return store_->compact_to(directory); });
  if (!done) violated(Invariant::sound_store_has_no_error, "compact_to: " + done.error().message());
  check_state(fold_of_store(directory, machine()), oldest(begin), states_.size() - 1, "a compacted copy");
}

void KvWorld::checkpoint(const std::string& directory) {
  const Since begin = since();
  const Result<void> done = watch([&] { return store_->checkpoint(directory); });
  if (!done) violated(Invariant::sound_store_has_no_error, "checkpoint: " + done.error().message());
  check_state(fold_of_store(directory, machine()), oldest(begin), states_.size() - 1, "a checkpoint");
}

void KvWorld::checkpoint_by_reader(const std::string& directory) {
  looks_at_the_clock();
  const std::size_t from = last_done_;
  Result<RecordLogReader> reader = watch([&] { return RecordLogReader::open(store_name, reader_options()); });
  if (!reader) violated(Invariant::sound_store_has_no_error, "reader: " + reader.error().message());
  const Result<void> done = watch([&] { return reader->checkpoint(directory); });
  if (!done) violated(Invariant::sound_store_has_no_error, "checkpoint by a reader: " + done.error().message());
  check_state(fold_of_store(directory, machine()), from, states_.size() - 1, "a reader's checkpoint");
}

void KvWorld::export_lines() {
  const Since begin = since();
  std::size_t lines = 0;
  const Result<ExportStats> done = watch([&] {
    return store_->export_jsonl_to([&](std::string_view text) {
      const Quiet quiet;
      for (const char byte : text) lines += byte == '\n' ? 1 : 0;
      return true;
    });
  });
  if (!done) violated(Invariant::sound_store_has_no_error, "export: " + done.error().message());
  for (std::size_t at = oldest(begin); at < states_.size(); ++at) {
    if (states_[at].size() == lines) return;
  }
  violated(Invariant::reader_is_a_state, "an export has " + std::to_string(lines) + " lines");
}

void KvWorld::read(int refreshes, bool uses_index) {
  looks_at_the_clock();
  std::size_t from = last_done_;  // files tell in the order of the clock on the wall
  ReaderOptions options = reader_options();
  options.uses_index = uses_index;
  Result<DataWalReader> opened = watch([&] { return DataWalReader::open(store_name, options); });
  if (!opened) violated(Invariant::sound_store_has_no_error, "reader: " + opened.error().message());
  std::optional<DataWalReader> reader(std::move(*opened));
  for (int round = 0;; ++round) {
    State found;
    const Result<void> walked = watch([&] {
      return reader->for_each([&](std::string_view key, std::string_view value) {
        const Quiet quiet;
        found.emplace(key, value);
        return true;
      });
    });
    if (!walked) violated(Invariant::sound_store_has_no_error, "reader: " + walked.error().message());
    check_state(found, from, states_.size() - 1, "a reader");
    if (round == refreshes) break;
    looks_at_the_clock();
    from = last_done_;
    const Result<bool> more = watch([&] { return reader->refresh(); });
    if (!more) violated(Invariant::sound_store_has_no_error, "refresh: " + more.error().message());
  }
  watch([&] { reader.reset(); });
}

void KvWorld::read_log() {
  looks_at_the_clock();
  const std::size_t from = last_done_;
  Result<RecordLogReader> reader = watch([&] { return RecordLogReader::open(store_name, reader_options()); });
  if (!reader) violated(Invariant::sound_store_has_no_error, "reader: " + reader.error().message());
  State found;
  RecordCursor cursor = watch([&] { return reader->records(); });
  for (;;) {
    const Result<std::optional<RecordView>> next = watch([&] { return cursor.next(); });
    if (!next) violated(Invariant::sound_store_has_no_error, "cursor: " + next.error().message());
    if (!*next) break;
    if ((*next)->type == RecordType::Put) found[std::string((*next)->key)] = (*next)->payload;
    if ((*next)->type == RecordType::Delete) found.erase(std::string((*next)->key));
  }
  check_state(found, from, states_.size() - 1, "a reader of the log");
}

void KvWorld::has_become(State after) {
  states_.push_back(std::move(after));
  done_.push_back(mark());
  last_done_ = states_.size() - 1;
}

OpenOptions KvWorld::small_options() {
  OpenOptions options = open_options();
  options.max_segment_bytes = 1 << 16;
  return options;
}

void KvWorld::close() {
  const Result<void> done = watch([&] { return store_->close(); });
  if (!done && !has_failed()) violated(Invariant::sound_store_has_no_error, "close: " + done.error().message());
  if (done) last_durable_ = last_done_;
  watch([&] { store_.reset(); });
  check_nothing_is_open();
}

}  // namespace datawal::interleave
