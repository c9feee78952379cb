#pragma once
// A store of keys and values, and the states it went through.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <datawal/data_wal.hpp>
#include <datawal/data_wal_reader.hpp>

#include "interleave/world/world.hpp"

namespace datawal::interleave {

/// What lies on the disk when a workload begins.
enum class KvStart : std::uint8_t {
  one_segment,     ///< a, b, c; a was put twice
  indexed,         ///< the same, with a persisted index
  three_segments,  ///< b, c, a; then b erased and d put; then nothing: as for compactions of more than one segment
};

/// One thread changes; any number look.
class KvWorld final : public World {
 public:
  explicit KvWorld(KvStart start, const WorldOptions& options = {});
  ~KvWorld() override = default;

  void open(const OpenOptions& options);
  [[nodiscard]] DataWal& store() { return *store_; }

  using State = std::map<std::string, std::string>;

  void put(const std::string& key, const std::string& value, bool sync = false);
  void erase(const std::string& key, bool sync = false);
  /// Puts one and erases another, in one step.
  void write(const std::string& key, const std::string& value, const std::string& erased);
  void put_if_absent(const std::string& key, const std::string& value);

  void get(const std::string& key);
  void contains(const std::string& key);
  void size();
  void stats();
  /// By a cursor over all keys.
  void walk();
  /// A view is taken, and shows the same before and behind `between`.
  template <class Between>
  void view(Between between) {
    const Since begin = since();
    std::optional<DataWalView> seen = take_view();
    const State first = fold_of(*seen);
    check_state(first, oldest(begin), states_.size() - 1, "a view");
    between();
    if (fold_of(*seen) != first) violated(Invariant::get_is_a_state, "a view has changed");
    watch([&] { seen.reset(); });
  }

  void compact(const CompactOptions& options, bool may_fail = false);
  /// Of everything: what is in the log when it has returned is there at the end.
  void hold();
  /// The same as another process would.
  void hold_from_outside();
  void save_index(bool may_fail = false);
  /// Into a directory of its own; what comes out is one state.
  void compact_to(const std::string& directory);
  void checkpoint(const std::string& directory);
  void export_lines();

  /// By a reader of another process.
  void checkpoint_by_reader(const std::string& directory);

  /// As another process would: opens, looks at all, refreshes, so often.
  void read(int refreshes, bool uses_index = false);
  /// Of the log, and folds it.
  void read_log();

  /// Several threads have changed it to this.
  void has_become(State after);
  /// Of a small store.
  [[nodiscard]] OpenOptions small_options();

  /// A child of the process has the handle, too: there it is closed, whatever the threads of the parent were doing, and leaves the
  /// store alone.
  void fork();

  /// Ends the handle.
  void close();
  /// The same, and looks at everything again.
  void finish();

 private:
  [[nodiscard]] std::uint64_t promises() const override;
  void check_recovery(safeatomic::sim::SimFileSystem& machine, bool is_kill) override;

  template <class Call>
  void change(State next, bool sync, Call call);
  /// The newest state that was there before whoever asks began. Where every load took the newest store, the clock on the wall counts;
  /// otherwise what is known to have happened.
  struct Since {
    std::size_t by_clock = 0;
    std::size_t by_order = 0;
  };
  [[nodiscard]] Since since() const;
  [[nodiscard]] static std::size_t oldest(const Since& since);
  void check_state(const State& found, std::size_t from, std::size_t to, const std::string& who) const;
  void check_value(const std::string& key, const std::optional<std::string>& value, std::size_t from) const;
  [[nodiscard]] std::optional<DataWalView> take_view();
  [[nodiscard]] State fold_of(const DataWalView& view) const;
  [[nodiscard]] State fold_of_store(const std::string& directory, safeatomic::FileSystem& on) const;
  [[nodiscard]] std::set<std::uint64_t> txids_there();
  /// They are what a recount of the log on that machine says.
  void check_stats(const StoreStats& stats, safeatomic::FileSystem& on) const;
  /// An open that uses the persisted index, as the next one does, shows what the log says.
  void check_index(safeatomic::FileSystem& on, Invariant broken) const;

  OpenOptions options_;
  std::optional<DataWal> store_;
  std::set<std::uint64_t> held_;  // txids
  std::vector<State> states_;
  std::vector<Epoch> done_;    // of each state: when the call that made it had returned
  std::size_t last_done_ = 0;  // as a clock on the wall would have it
  std::size_t last_durable_ = 0;
};

}  // namespace datawal::interleave
