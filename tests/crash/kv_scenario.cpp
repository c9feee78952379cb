// Workloads on a DataWal.

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include <datawal/data_wal.hpp>
#include <datawal/format.hpp>

#include <safeatomic/temporary.hpp>

#include "crash/mutant_file_system.hpp"
#include "crash/store_scenario.hpp"

namespace datawal::crash {

namespace {

/// Does something when the next temporary is made.
struct Landing : Mutation {
  safeatomic::Result<std::unique_ptr<safeatomic::File>> open_file(safeatomic::Directory& directory,
                                                                  std::string_view name,
                                                                  const safeatomic::OpenMode& how) override {
    if (land && safeatomic::is_temporary_name(name)) std::exchange(land, nullptr)();
    return directory.open_file(name, how);
  }
  std::function<void()> land;
};

/// p KEY:SIZE put; P put and sync; e KEY: erase; E erase and sync; b KEY:SIZE write a batch that puts KEY and erases k2; w SIZE
/// append a Raw record, as a log; s fsync; i save the index; k compact; K KEY:SIZE compact, and while it runs put KEY and erase k2; m compact what is
/// half garbage; x SIZE the same, stopped when it tells of its progress the SIZE-th time; h NAME:TXID set a hold, O NAME:TXID from
/// outside, H NAME: drop it; c close; o open.
class KvScenario final : public StoreScenario {
 public:
  explicit KvScenario(const StoreWorkload& workload) : StoreScenario(workload) { prepare(); }
  KvScenario(const KvScenario& other) : StoreScenario(other), has_holds_(other.has_holds_) {}

  [[nodiscard]] std::unique_ptr<Scenario> clone() const override { return std::make_unique<KvScenario>(*this); }
  void recover(World& world) override;

 protected:
  [[nodiscard]] Result<void> open(World& world) override;
  [[nodiscard]] Result<std::vector<Record>> scan() override { return store_->log().scan(); }
  void check_more(World& world) override { check_projection(world); }
  Result<void> close(World& world) override;
  Result<void> step(World& world, const Step& step) override;
  [[nodiscard]] bool is_open() const override { return store_.has_value(); }
  [[nodiscard]] bool is_poisoned() const override { return store_->log().is_poisoned(); }
  void drop(World&) override {
    store_.reset();
    file_system_.reset();
  }

 private:
  Result<void> compact(World& world, const Step& step);
  Result<void> hold_by(World& world, const Step& step);
  Result<void> put(World& world, const std::string& key, std::size_t size, bool is_synced);
  Result<void> erase(World& world, const std::string& key, bool is_synced);
  Result<void> write_batch(World& world, const std::string& key, std::size_t size);
  Result<void> append_raw(World& world, std::size_t size);
  void check_projection(World& world);
  void check_counts(World& world);

  Landing* landing_ = nullptr;  // belongs to the next
  std::unique_ptr<safeatomic::FileSystem> file_system_;
  std::optional<DataWal> store_;
  bool has_holds_ = false;
};

Result<void> KvScenario::open(World& world) {
  auto landing = std::make_unique<Landing>();
  landing_ = landing.get();
  file_system_ = mutate(world.file_system, std::move(landing));
  OpenOptions with_landing = options(world);
  with_landing.file_system = file_system_.get();
  Result<DataWal> store = DataWal::open(directory(), with_landing);
  if (!store) return std::unexpected(store.error());
  store_ = std::move(*store);
  return {};
}

Result<void> KvScenario::close(World& world) {
  const Result<void> closed = store_->close();
  if (closed && !world.is_dead) notes().synced();
  drop(world);
  return closed;
}

Result<void> KvScenario::put(World& world, const std::string& key, std::size_t size, bool is_synced) {
  const Given given{RecordType::Put, key, payload_of(notes().next_number(), size)};
  return give(world, {given}, is_synced, [&] { return store_->put(given.key, given.payload, {.sync = is_synced}); });
}

Result<void> KvScenario::erase(World& world, const std::string& key, bool is_synced) {
  return give(world, {Given{RecordType::Delete, key, {}}}, is_synced,
              [&] { return store_->erase(key, {.sync = is_synced}); });
}

Result<void> KvScenario::write_batch(World& world, const std::string& key, std::size_t size) {
  const std::vector<Given> givens = {{RecordType::Put, key, payload_of(notes().next_number(), size)},
                                     {RecordType::Delete, "k2", {}}};
  Batch batch;
  batch.put(key, givens.front().payload);
  batch.erase("k2");
  return give(world, givens, false, [&] { return store_->write(batch); });
}

Result<void> KvScenario::append_raw(World& world, std::size_t size) {
  if (Result<void> closed = close(world); !closed) return closed;
  {
    Result<RecordLog> log = RecordLog::open(directory(), options(world));
    if (!log) return propagate(log);
    const Given given{RecordType::Raw, {}, payload_of(notes().next_number(), size)};
    if (Result<void> done = give(world, {given}, true, [&] { return log->append(given.payload, {.sync = true}); });
        !done) {
      return done;
    }
  }
  return open(world);
}

Result<void> KvScenario::compact(World& world, const Step& step) {
  notes().compacted();
  if (has_holds_) {
    if (Result<void> noted = note_what_is_there(world); !noted) return noted;
  }
  if (step.what == 'K') {
    landing_->land = [this, &world, step] {
      // What fails here is told by the next call too, if it matters.
      (void)put(world, step.key, step.size, false);
      if (!world.is_dead && !is_poisoned()) (void)erase(world, "k2", false);
    };
  }
  const bool is_all = step.what == 'k' || step.what == 'K';
  const Result<CompactionStats> done = store_->compact(
      {.min_garbage_ratio = is_all ? 0 : 0.5,
       .on_progress = [left = step.what == 'x' ? step.size : 0](const Progress&) mutable {
         return left == 0 || --left > 0;
       }});
  landing_->land = nullptr;
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<void> KvScenario::hold_by(World& world, const Step& step) {
  has_holds_ = true;
  if (step.what == 'H') return hold(world, step.key, std::nullopt, [&] { return store_->drop_hold(step.key); });
  if (step.what == 'h') {
    return hold(world, step.key, step.size, [&] { return store_->hold_from(step.key, step.size); });
  }
  Result<void> done = hold(world, step.key, step.size, [&] {
    return hold_from(directory(), step.key, step.size, {.file_system = &world.file_system});
  });
  // Of a watermark that could not be written nobody outside can tell what is durable.
  const bool is_unknown = !done && done.error().code == Errc::invalid_argument && world.is_faulty;
  return is_unknown ? Result<void>() : done;
}

Result<void> KvScenario::step(World& world, const Step& step) {
  switch (step.what) {
    case 'k':
    case 'K':
    case 'm':
    case 'x': return compact(world, step);
    case 'p': return put(world, step.key, step.size, false);
    case 'P': return put(world, step.key, step.size, true);
    case 'e': return erase(world, step.key, false);
    case 'E': return erase(world, step.key, true);
    case 'b': return write_batch(world, step.key, step.size);
    case 'w': return append_raw(world, step.size);
    case 'h':
    case 'O':
    case 'H': return hold_by(world, step);
    case 'i':
    case 's': {
      Result<void> done = step.what == 'i' ? store_->save_index() : store_->fsync();
      if (done && !world.is_dead) notes().synced();
      return done;
    }
    default: std::abort();
  }
}

void KvScenario::check_projection(World& world) {
  Result<std::vector<std::pair<std::string, std::string>>> items = store_->items();
  // A page of the index could not be read once, and that says nothing about its bytes.
  if (!items && world.is_faulty && items.error().code == Errc::io) items = store_->items();
  if (!items) {
    world.violated(Invariant::projection_is_the_fold, items.error().message());
    return;
  }
  const std::map<std::string, std::string> there(items->begin(), items->end());
  if (there != notes().fold() || there.size() != items->size() || store_->size() != there.size()) {
    world.violated(Invariant::projection_is_the_fold, std::to_string(items->size()) + " keys");
  }
  if (has_index()) check_counts(world);
}

// What is counted is what the log holds, however it was opened.
void KvScenario::check_counts(World& world) {
  const Result<std::vector<Record>> records = scan();
  if (!records) return;  // as without an index
  const StoreStats stats = store_->stats();
  std::uint64_t puts = 0;
  std::uint64_t deletes = 0;
  std::uint64_t raws = 0;
  std::uint64_t bytes = 0;
  for (const Record& record : *records) {
    puts += record.type == RecordType::Put ? 1 : 0;
    deletes += record.type == RecordType::Delete ? 1 : 0;
    raws += record.type == RecordType::Raw ? 1 : 0;
    bytes += record.ref.len;
  }
  const std::map<std::string, std::string> fold = notes().fold();
  std::uint64_t live = 0;
  for (const auto& [key, value] : fold) live += format::frame_len(key.size(), value.size());
  if (stats.put_records != puts || stats.delete_records != deletes || stats.raw_records != raws ||
      stats.bytes != bytes || stats.live_bytes != live || stats.live_keys != fold.size()) {
    world.violated(Invariant::projection_is_the_fold, "counts");
  }
}

void KvScenario::recover(World& world) {
  if (is_abandoned()) return;
  if (const Result<void> opened = open_and_compare(world); !opened) {
    world.violated(Invariant::open_succeeds, opened.error().message());
    drop(world);
    return;
  }
  if (!world.is_last) {
    if (const Result<void> done = put(world, "later", 30, false); !done) {
      world.violated(Invariant::appends_go_on, done.error().message());
    }
    if (const Result<void> done = erase(world, "k1", true); !done) {
      world.violated(Invariant::appends_go_on, done.error().message());
    }
    check_projection(world);
    if (const Result<void> closed = close(world); !closed) {
      world.violated(Invariant::appends_go_on, closed.error().message());
    }
  }
  drop(world);
}

}  // namespace

std::unique_ptr<Scenario> make_kv_scenario(const StoreWorkload& workload) {
  return std::make_unique<KvScenario>(workload);
}

}  // namespace datawal::crash
