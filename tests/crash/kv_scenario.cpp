// Workloads on a DataWal.

#include <map>
#include <vector>

#include <datawal/data_wal.hpp>

#include "crash/store_scenario.hpp"

namespace datawal::crash {

namespace {

/// p KEY:SIZE put; P put and sync; e KEY: erase; E erase and sync; s fsync; c close; o open.
class KvScenario final : public StoreScenario {
 public:
  explicit KvScenario(const StoreWorkload& workload) : StoreScenario(workload) { prepare(); }
  KvScenario(const KvScenario& other) : StoreScenario(other) {}

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
  void drop(World&) override { store_.reset(); }

 private:
  Result<void> put(World& world, const std::string& key, std::size_t size, bool is_synced);
  Result<void> erase(World& world, const std::string& key, bool is_synced);
  void check_projection(World& world);

  std::optional<DataWal> store_;
};

Result<void> KvScenario::open(World& world) {
  Result<DataWal> store = DataWal::open(directory(), options(world));
  if (!store) return std::unexpected(store.error());
  store_ = std::move(*store);
  return {};
}

Result<void> KvScenario::close(World& world) {
  const Result<void> closed = store_->close();
  if (closed && !world.is_dead) notes().synced();
  store_.reset();
  return closed;
}

Result<void> KvScenario::put(World& world, const std::string& key, std::size_t size, bool is_synced) {
  const Given given{RecordType::Put, key, payload_of(notes().next_number(), size)};
  return give(world, given, is_synced, [&] { return store_->put(given.key, given.payload, {.sync = is_synced}); });
}

Result<void> KvScenario::erase(World& world, const std::string& key, bool is_synced) {
  return give(world, {RecordType::Delete, key, {}}, is_synced, [&] { return store_->erase(key, {.sync = is_synced}); });
}

Result<void> KvScenario::step(World& world, const Step& step) {
  switch (step.what) {
    case 'p': return put(world, step.key, step.size, false);
    case 'P': return put(world, step.key, step.size, true);
    case 'e': return erase(world, step.key, false);
    case 'E': return erase(world, step.key, true);
    case 's': {
      Result<void> done = store_->fsync();
      if (done && !world.is_dead) notes().synced();
      return done;
    }
    default: std::abort();
  }
}

void KvScenario::check_projection(World& world) {
  const Result<std::vector<std::pair<std::string, std::string>>> items = store_->items();
  if (!items) {
    world.violated(Invariant::projection_is_the_fold, items.error().message());
    return;
  }
  const std::map<std::string, std::string> there(items->begin(), items->end());
  if (there != notes().fold() || there.size() != items->size() || store_->size() != there.size()) {
    world.violated(Invariant::projection_is_the_fold, std::to_string(items->size()) + " keys");
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
