#include "soak/writer.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <thread>

#include <datawal/data_wal.hpp>
#include <datawal/record_log.hpp>

#include "soak/measure.hpp"

namespace datawal::soak {

namespace {

[[noreturn]] void give_up(const Error& error) {
  std::cerr << "soak: the writer failed: " << error.message() << '\n';
  ::_exit(1);
}

void raise_to(std::atomic<std::uint64_t>& highest, std::uint64_t value) {
  highest.store(std::max(highest.load(), value));
}

// Counts a step, and now and then looks at what the process takes.
void acknowledge(Progress& progress, std::uint64_t step, int beat) {
  progress.acknowledged.store(step, std::memory_order_release);
  if (step % 256 == 0) (void)!::write(beat, "", 1);  // nobody waits for it: a full pipe is fine
  if (step % 4096 != 0) return;
  raise_to(progress.resident_kib, resident_kib());
  raise_to(progress.descriptors, open_descriptors());
}

void write_log(RecordLog& log, const History& history, Progress& progress, int beat) {
  for (std::uint64_t n = log.last_txid() + 1; History::is_for_log(n); ++n) {
    const Step step = history.step(n);
    const std::string key = step.kind == Step::Kind::raw ? std::string() : History::key(step.key);
    const std::string value = step.kind == Step::Kind::erase ? std::string() : History::value(n, step.value_len);
    const RecordType type = step.kind == Step::Kind::raw     ? RecordType::Raw
                            : step.kind == Step::Kind::erase ? RecordType::Delete
                                                             : RecordType::Put;
    const Result<RecordRef> done = log.append_record(type, key, value, {.sync = step.sync});
    if (!done) give_up(done.error());
    acknowledge(progress, n, beat);
  }
}

void write_keys(DataWal& store, const History& history, Progress& progress, int beat) {
  for (std::uint64_t n = store.log().last_txid() + 1; !History::is_for_log(n); ++n) {
    const Step step = history.step(n);
    const WriteOptions how{.sync = step.sync};
    const Result<void> done = step.kind == Step::Kind::erase
                                  ? store.erase(History::key(step.key), how)
                                  : store.put(History::key(step.key), History::value(n, step.value_len), how);
    if (!done) give_up(done.error());
    acknowledge(progress, n, beat);
  }
}

void compact_again_and_again(DataWal& store, const std::stop_token& stop, Progress& progress) {
  while (!stop.stop_requested()) {
    const Result<CompactionStats> done = store.compact(
        {.min_garbage_ratio = 0.2,
         .on_progress = [&stop](const datawal::Progress&) { return !stop.stop_requested(); }});
    if (!done) give_up(done.error());
    if (!done->is_cancelled) ++progress.compactions;
  }
}

}  // namespace

void write_on(const std::filesystem::path& dir, const History& history, Life life, Progress& progress, int beat) {
  OpenOptions options{.max_segment_bytes = segment_bytes};
  if (life.saves) {
    options.index = saved_index;
    options.state = saved_state;
  }
  for (;;) {
    if (History::is_for_log(progress.acknowledged + 1)) {
      Result<RecordLog> log = RecordLog::open(dir, options);
      if (!log) give_up(log.error());
      write_log(*log, history, progress, beat);
      if (const Result<void> closed = log->close(); !closed) give_up(closed.error());
      continue;
    }
    options.auto_compact = {.is_enabled = life.compacts_in_background, .garbage_ratio = 0.3};
    Result<DataWal> store = DataWal::open(dir, options);
    if (!store) give_up(store.error());
    {
      std::jthread compacting;
      if (!life.compacts_in_background) {
        compacting = std::jthread(
            [&](const std::stop_token& stop) { compact_again_and_again(*store, stop, progress); });
      }
      write_keys(*store, history, progress, beat);
    }
    if (const Result<void> closed = store->close(); !closed) give_up(closed.error());
  }
}

}  // namespace datawal::soak
