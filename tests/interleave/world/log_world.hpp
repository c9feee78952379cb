#pragma once
// A log, and what it was told and has promised.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <datawal/record_log.hpp>
#include <datawal/record_log_reader.hpp>

#include "interleave/world/world.hpp"

namespace datawal::interleave {

class LogWorld final : public World {
 public:
  /// One record, "zero", is there and durable.
  explicit LogWorld(const WorldOptions& options = {});
  ~LogWorld() override = default;

  /// The log is there from then on.
  void open(const OpenOptions& options);
  [[nodiscard]] RecordLog& log() { return *log_; }

  struct May {
    bool be_closed = false;  ///< by another thread
  };
  /// Appends, and holds what comes back against what went before.
  void append(const std::string& payload, bool sync, May may = {false});
  void append_batch(const std::string& first, const std::string& second, bool sync);
  void fsync();
  void rotate();
  void close(May may = {false});
  void drop_segments_before(std::uint32_t id);
  /// It may find no space if `may_fail`.
  void save_state(bool may_fail = false);
  /// As KvWorld::fork.
  void fork();
  /// Closes if it is open, opens again, and looks at everything.
  void finish();
  /// Another handle, after the first one was closed.
  void reopen();

  /// As another process would: opens, reads to the end, refreshes, goes on behind the last record, so often.
  void read(int refreshes);
  /// The same by a Follower.
  void follow(std::uint64_t until_txid);

  [[nodiscard]] std::uint64_t last_returned() const { return returned_.empty() ? 0 : returned_.rbegin()->first; }

 private:
  /// Opens the log on `machine`, as it was opened here, and without its state: both must say the same.
  [[nodiscard]] std::vector<Record> recovered(safeatomic::FileSystem& machine, Invariant invariant) const;
  [[nodiscard]] std::uint64_t promises() const override;
  void check_recovery(safeatomic::sim::SimFileSystem& machine, bool is_kill) override;
  void came_back(const RecordRef& ref, const std::string& payload);
  void acknowledged(std::uint64_t txid, const std::string& payload);
  void failed(std::string_view what, const Error& error, May may) const;
  void check_record(std::uint64_t txid, std::string_view payload, Invariant invariant) const;

  OpenOptions options_;
  std::optional<RecordLog> log_;
  std::set<std::string> attempted_;
  std::map<std::uint64_t, std::string> returned_;
  std::set<std::uint64_t> durable_;
  bool is_trimmed_ = false;
};

}  // namespace datawal::interleave
