#pragma once
// Logs with a state, and what they say.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "log/reader_support.hpp"
#include "log/store_support.hpp"

namespace datawal::test {

inline constexpr const char* state_file = ".state";

/// With the state, written only when it is asked for.
inline OpenOptions stated(OpenOptions options = {}) {
  options.state = {.is_enabled = true, .write_at_rotation = false, .write_at_close = false, .least_bytes = 0};
  return options;
}

/// With the state, written whenever it could be.
inline OpenOptions always_stated(OpenOptions options = {}) {
  options.state = {.is_enabled = true, .least_bytes = 1};
  return options;
}

inline RecordLog open_log(const std::filesystem::path& dir, const OpenOptions& options = {}) {
  return must(RecordLog::open(dir, options));
}

/// All that a log says of itself: equal, however it was opened.
struct LogTold {
  std::vector<Listed> records{};
  std::vector<std::uint64_t> report{};

  friend bool operator==(const LogTold&, const LogTold&) = default;
};

inline LogTold told_by(const RecordLog& log) {
  const RecoveryReport& report = log.recovery_report();
  const LogStats stats = must(log.stats());
  return {.records = listing_of(log),
          .report = {report.files_scanned, report.records_replayed, report.last_txid_seen, report.txid_gaps,
                     report.preallocated_bytes, report.tail_truncated ? 1U : 0U, report.tail_bytes_discarded,
                     report.mid_stream_errors, report.records_beyond_tear, log.last_txid(), log.durable_txid(),
                     log.active_segment(), stats.segments, stats.bytes}};
}

/// Opens the log with its state, and then without: the first must be what `state` says, and both must tell the same.
/// @return how many records were read with it
inline std::uint64_t expect_as_without_state(const std::filesystem::path& dir, IndexState state,
                                             const OpenOptions& options = {}) {
  std::uint64_t read = 0;
  LogTold with;
  {
    const RecordLog log = open_log(dir, stated(options));
    const RecoveryReport& report = log.recovery_report();
    EXPECT_EQ(static_cast<int>(report.index_state), static_cast<int>(state)) << report.index_reason;
    EXPECT_EQ(report.index_reason.empty(), state == IndexState::used || state == IndexState::absent)
        << report.index_reason;
    if (state != IndexState::used) {
      EXPECT_EQ(report.records_read, report.records_replayed);
    }
    read = report.records_read;
    with = told_by(log);
  }
  const LogTold without = told_by(open_log(dir, options));
  EXPECT_EQ(with.records, without.records);
  EXPECT_EQ(with.report, without.report);
  return read;
}

/// Several segments with what there can be in them.
inline void fill_log(const std::filesystem::path& dir, int records, std::uint64_t max_segment_bytes = 4000) {
  RecordLog log = open_log(dir, {.max_segment_bytes = max_segment_bytes});
  for (int i = 0; i < records; ++i) {
    const auto type = static_cast<RecordType>(i % 5 == 0 ? 1 : (i % 7 == 0 ? 2 : 0));
    const std::string key = type == RecordType::Raw ? "" : "key " + std::to_string(i % 20);
    must(drop_value(log.append_record(type, key, type == RecordType::Delete ? "" : std::string(i % 90, 'v'))));
  }
  must(log.close());
}

inline void save_state_of(const std::filesystem::path& dir, const OpenOptions& options = {}) {
  RecordLog log = open_log(dir, stated(options));
  must(log.save_state());
  must(log.close());
}

}  // namespace datawal::test
