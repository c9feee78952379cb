#pragma once
// Workloads on a store: what logs and key/value stores share.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/options.hpp>

#include "crash/followers.hpp"
#include "crash/held.hpp"
#include "crash/notes.hpp"
#include "crash/scenario.hpp"
#include "crash/script.hpp"

namespace datawal::crash {

/// When the state of a log is written, besides step S; it is used then.
enum class StateUse : std::uint8_t { none, at_rotation, always };

/// How a store is made, and what is done to it.
struct StoreWorkload {
  std::string name;
  std::string script;
  std::string prepared = {};  ///< steps before that, without a crash
  std::string torn = {};      ///< steps behind these that a loss of power has cut short: half of their sectors landed
  std::string directory = "/store";
  std::uint64_t max_segment_bytes = 0;
  WritePath write_path = WritePath::append;
  bool syncs_every_append = false;
  int losses_max = 2;
  std::optional<FollowerBug> followers = {};  ///< the log is followed, by step l
  bool followers_rest = false;                ///< from a crash until something was appended again
  bool has_index = false;                     ///< it is written at close and after a compaction, and used
  std::uint64_t index_memory_limit = 0;       ///< of the index
  StateUse state = StateUse::none;            ///< of a log
  bool is_copied =
      false;  ///< what was prepared is first copied to another directory, and nothing of the copy is synced
};

class StoreScenario : public Scenario {
 public:
  [[nodiscard]] const std::string& name() const noexcept override { return workload_.name; }
  [[nodiscard]] safeatomic::sim::DiskImage start() const override { return start_; }
  void lose_power() override {
    notes_.lose_power();
    torn_tails_.lose_power();
  }
  [[nodiscard]] std::uint64_t notes_hash() const override { return mixed(notes_.hash(), held_.hash()); }
  [[nodiscard]] int losses_max() const override { return workload_.losses_max; }
  [[nodiscard]] bool is_watched() const override { return is_begun_; }
  void work(World& world) override;

 protected:
  explicit StoreScenario(StoreWorkload workload) : workload_(std::move(workload)) {}
  StoreScenario(const StoreScenario&) = default;

  /// Runs the `prepared` steps on a machine of their own; the notes stay.
  void prepare();

  [[nodiscard]] OpenOptions options(World& world) const;
  [[nodiscard]] bool has_index() const noexcept { return workload_.has_index; }
  [[nodiscard]] bool has_state() const noexcept { return workload_.state != StateUse::none; }
  [[nodiscard]] const std::string& directory() const noexcept { return workload_.directory; }
  [[nodiscard]] bool followers_rest() const noexcept { return workload_.followers_rest; }
  [[nodiscard]] Notes& notes() noexcept { return notes_; }
  [[nodiscard]] Held& held() noexcept { return held_; }

  [[nodiscard]] bool is_abandoned() const noexcept { return is_abandoned_; }

  /// Opens the store, compares what it holds with the notes, and looks for what was cut.
  Result<void> open_and_compare(World& world);

  // The store, which a copy does not take along.
  [[nodiscard]] virtual Result<void> open(World& world) = 0;
  [[nodiscard]] virtual Result<std::vector<Record>> scan() = 0;
  /// What else must hold of an open store.
  virtual void check_more(World&) {}
  virtual Result<void> close(World& world) = 0;
  /// One step. Handled as documented: see judge().
  virtual Result<void> step(World& world, const Step& step) = 0;
  [[nodiscard]] virtual bool is_open() const = 0;
  [[nodiscard]] virtual bool is_poisoned() const = 0;
  virtual void drop(World& world) = 0;  // the handle, without closing it by hand

  /// The hold `name` is set by `call`, or, without `txid`, dropped.
  template <class Call>
  Result<void> hold(World& world, const std::string& name, std::optional<std::uint64_t> txid, Call call) {
    held_.attempt(name, txid);
    const auto done = call();
    if (world.is_dead) return {};
    if (!done) return std::unexpected(done.error());
    held_.done(name, txid);
    return {};
  }
  /// Something is about to be given back.
  Result<void> note_what_is_there(World& world);

  /// Records are given to the store by `call`.
  template <class Call>
  Result<void> give(World& world, const std::vector<Given>& records, bool is_synced, Call call) {
    for (const Given& given : records) notes_.attempt(given);
    const auto result = call();
    if (world.is_dead) return {};
    if (result) {
      notes_.took();
      notes_.forget_refused();
      if (is_synced || workload_.syncs_every_append) notes_.synced();
      return {};
    }
    if (result.error().code != Errc::poisoned) notes_.refused(records.size());
    return std::unexpected(result.error());
  }

 private:
  [[nodiscard]] bool copy_store(World& world);
  /// Whether an error is one that the documentation knows; notes that there was one.
  void judge(World& world, const Step& step, const Error& error);

  StoreWorkload workload_;
  safeatomic::sim::DiskImage start_;
  Notes notes_;
  Held held_;
  TornTails torn_tails_;
  bool has_failed_ = false;
  bool is_preparing_ = false;
  bool is_abandoned_ = false;  // there is no copy
  bool is_begun_ = true;       // false while a copy is made and opened: before that nothing of it is promised
};

[[nodiscard]] std::unique_ptr<Scenario> make_log_scenario(const StoreWorkload& workload);
[[nodiscard]] std::unique_ptr<Scenario> make_kv_scenario(const StoreWorkload& workload);

}  // namespace datawal::crash
