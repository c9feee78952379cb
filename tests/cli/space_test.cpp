// Giving space back and making copies: compact, trim, checkpoint.

#include <sys/stat.h>

#include <fstream>
#include <map>
#include <utility>

#include <datawal/data_wal.hpp>
#include <datawal/data_wal_reader.hpp>
#include <datawal/record_log.hpp>
#include <datawal/record_log_reader.hpp>

#include "cli/program_test.hpp"

namespace datawal::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

using Contents = std::map<std::string, std::string>;

class Space : public ProgramTest {
 protected:
  [[nodiscard]] DataWal open(const std::string& name) const {
    return DataWal::open(in_dir(name), {.max_segment_bytes = 120}).value();
  }

  // Keys that are written again and again, one that is erased and one that stays; in segments of three records.
  Contents churn(const std::string& name, int rounds) const {
    DataWal store = open(name);
    Contents contents{{"still", "here"}};
    store.put("still", "here").value();
    store.put("gone", "soon").value();
    for (int round = 0; round < rounds; ++round) {
      for (const char* key : {"a", "b", "c"}) store.put(key, contents[key] = std::to_string(round)).value();
    }
    store.erase("gone").value();
    store.close().value();
    return contents;
  }

  [[nodiscard]] Contents contents_of(const std::string& name) const {
    Contents contents;
    const DataWalReader reader = DataWalReader::open(in_dir(name)).value();
    reader
        .for_each([&contents](std::string_view key, std::string_view value) {
          contents.emplace(key, value);
          return true;
        })
        .value();
    return contents;
  }

  [[nodiscard]] std::uint64_t bytes_of(const std::string& name) const {
    std::uint64_t bytes = 0;
    for (const auto& [file, content] : segments_of(name)) bytes += content.size();
    return bytes;
  }

  [[nodiscard]] std::map<std::string, std::string> segments_of(const std::string& name) const {
    std::map<std::string, std::string> segments;
    for (const auto& entry : std::filesystem::directory_iterator(in_dir(name))) {
      if (entry.path().extension() == ".dwal") segments[entry.path().filename()] = read_file(entry.path());
    }
    return segments;
  }

  // Segments of two events each; payloads `e1` and so on.
  void append_events(const std::string& name, int count) const {
    RecordLog log = RecordLog::open(in_dir(name), {.max_segment_bytes = 62}).value();
    for (int i = 0; i < count; ++i) log.append("e" + std::to_string(log.last_txid() + 1)).value();
    log.close().value();
  }

  [[nodiscard]] std::uint64_t inode_of(const std::string& file) const {
    struct stat info{};
    EXPECT_EQ(::stat(in_dir(file).c_str(), &info), 0) << file;
    return info.st_ino;
  }
};

TEST_F(Space, IsGivenBackInPlaceByCompact) {
  const Contents contents = churn("kv", 20);
  const std::uint64_t before = bytes_of("kv");
  const Ended compact = run({"--json", "compact", "kv", "--min-garbage", "0"});
  EXPECT_EQ(compact.status, 0) << compact.err;
  EXPECT_EQ(compact.err, "");
  EXPECT_THAT(compact.out, AllOf(HasSubstr(R"("kind":"compact","target":null,"live_keys":4,)"),
                                 HasSubstr(R"("bytes_reclaimed":)" + std::to_string(before - bytes_of("kv")))));
  EXPECT_LT(bytes_of("kv"), 200U);
  EXPECT_EQ(contents_of("kv"), contents);
  EXPECT_EQ(run({"verify", "kv"}).status, 0);
  const Ended again = run({"compact", "kv", "--min-garbage", "0"});
  EXPECT_EQ(again.status, 0);
  EXPECT_THAT(again.out, AllOf(HasSubstr("segments_rewritten:     0\n"), HasSubstr("bytes_reclaimed:        0\n")));
  EXPECT_EQ(run({"put", "kv", "--key", "later", "1"}).status, 0);
  EXPECT_EQ(contents_of("kv").size(), contents.size() + 1);
}

TEST_F(Space, IsGivenBackInThePartsForWhichThereIsTime) {
  const Contents contents = churn("kv", 20);
  const Ended stopped = run({"compact", "kv", "--min-garbage", "0", "--max-seconds", "0.000000001"});
  EXPECT_EQ(stopped.status, 0);
  EXPECT_THAT(stopped.err, HasSubstr("the time was over"));
  EXPECT_EQ(contents_of("kv"), contents);
  const Ended rest = run(
      {"compact", "kv", "--min-garbage", "0", "--max-bytes-per-second", "100M", "--max-seconds", "60"});
  EXPECT_EQ(rest.status, 0);
  EXPECT_EQ(rest.err, "");
  EXPECT_LT(bytes_of("kv"), 200U);
  EXPECT_EQ(contents_of("kv"), contents);
  EXPECT_EQ(run({"compact", "kv", "small", "--max-seconds", "1"}).status, 1);
  EXPECT_EQ(run({"compact", "kv", "--max-bytes-per-second", "0"}).status, 1);
}

TEST_F(Space, IsNotSaidToLackTimeWhereNothingIsLeftToGiveBack) {
  {
    DataWal store = open("kv");
    for (const char* key : {"a", "b", "c", "d", "e", "f", "g"}) store.put(key, "value").value();
    store.close().value();
  }
  const Ended ended = run({"compact", "kv", "--min-garbage", "0", "--max-seconds", "0.000000001"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.err, "");
}

TEST_F(Space, IsGivenBackForAsManySecondsAsThereAre) {
  const Contents contents = churn("kv", 5);
  const Ended ended = run({"compact", "kv", "--min-garbage", "0", "--max-seconds", "18446744073709551615"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.err, "") << "that many must not be none";
  EXPECT_EQ(contents_of("kv"), contents);
  for (const char* seconds : {"0", "-1", "inf", "nan", "1e999", "some", "1s"}) {
    const Ended refused = run({"compact", "kv", "--max-seconds", seconds});
    EXPECT_EQ(refused.status, 1) << seconds;
    EXPECT_THAT(refused.err, HasSubstr("is not a number of seconds above 0")) << seconds;
  }
}

TEST_F(Space, IsLeftAloneWhereLittleOfItIsGarbage) {
  {
    DataWal store = open("kv");
    for (const char* key : {"a", "b", "c", "d", "e", "f"}) store.put(key, "value").value();
    store.put("a", "newer").value();
    store.close().value();
  }
  const auto before = segments_of("kv");
  const Ended compact = run({"compact", "kv", "--min-garbage", "0.5"});
  EXPECT_EQ(compact.status, 0);
  EXPECT_THAT(compact.out, AllOf(HasSubstr("segments_rewritten:     0\n"), HasSubstr("segments_skipped:       3\n")));
  for (const auto& [name, bytes] : before) EXPECT_EQ(segments_of("kv")[name], bytes) << name;
  EXPECT_THAT(run({"compact", "kv"}).out, HasSubstr("segments_rewritten:     1\n"))
      << "a third of one is more than 0.3";
}

TEST_F(Space, IsForetoldByADryRunThatChangesNothing) {
  churn("kv", 20);
  const auto before = image_of("kv");
  const DataWal writer = open("kv");
  const auto beside_a_writer = image_of("kv");
  const Ended dry = run({"--json", "compact", "kv", "--dry-run", "--min-garbage", "0"});
  EXPECT_EQ(dry.status, 0) << dry.err;
  EXPECT_THAT(dry.out, AllOf(HasSubstr(R"("action":"none")"), Not(HasSubstr(R"("segments_rewritten":0,)")),
                             Not(HasSubstr(R"("bytes_reclaimed":0})"))));
  EXPECT_THAT(dry.out, AllOf(HasSubstr(R"("segments_removed":)"), Not(HasSubstr(R"("segments_removed":0,)"))));
  EXPECT_EQ(image_of("kv"), beside_a_writer);
  EXPECT_THAT(run({"compact", "kv", "--dry-run"}).out, HasSubstr("a dry run: nothing was changed"));
  const Ended locked = run({"compact", "kv"});
  EXPECT_EQ(locked.status, 1);
  EXPECT_THAT(locked.err, HasSubstr("lock"));
  EXPECT_EQ(segments_of("kv").size(), before.size() - 2) << "all but .lock and .watermark";
}

TEST_F(Space, IsNotTouchedByCompactWithATarget) {
  const Contents contents = churn("kv", 20);
  const auto before = image_of("kv");
  const Ended compact = run({"compact", "kv", "small"});
  EXPECT_EQ(compact.status, 0) << compact.err;
  EXPECT_THAT(compact.out, HasSubstr("target:                 small\n"));
  EXPECT_EQ(image_of("kv"), before);
  EXPECT_EQ(contents_of("small"), contents);
}

TEST_F(Space, CompactRefusesWhatItCannotMean) {
  churn("kv", 2);
  const auto before = image_of("kv");
  static const struct {
    const char* name;
    std::vector<std::string> arguments;
    const char* said;
  } rows[] = {
      {"no number", {"compact", "kv", "--min-garbage", "much"}, "is not a number from 0 to 1"},
      {"above 1", {"compact", "kv", "--min-garbage", "1.5"}, "is not a number from 0 to 1"},
      {"not a number", {"compact", "kv", "--min-garbage", "nan"}, "is not a number from 0 to 1"},
      {"a ratio with TARGET", {"compact", "kv", "x", "--min-garbage", "0"}, "without TARGET"},
      {"a dry run with TARGET", {"compact", "kv", "x", "--dry-run"}, "without TARGET"},
      {"Raw records in place", {"compact", "kv", "--drop-raw"}, "in place, Raw records stay"},
  };
  for (const auto& row : rows) {
    const Ended refused = run(row.arguments);
    EXPECT_EQ(refused.status, 1) << row.name;
    EXPECT_THAT(refused.err, HasSubstr(row.said)) << row.name;
  }
  EXPECT_EQ(image_of("kv"), before);
  EXPECT_EQ(run({"compact", "nowhere"}).status, 1);
  EXPECT_FALSE(std::filesystem::exists(in_dir("nowhere"))) << "a mistyped name must not become a store";
}

TEST_F(Space, CompactStopsAtDamageWithItsPlace) {
  churn("kv", 20);
  flip_byte("kv/00000001.dwal", 30);
  const auto before = segments_of("kv");
  const Ended compact = run({"compact", "kv"});
  EXPECT_EQ(compact.status, 3);
  EXPECT_THAT(compact.err, HasSubstr("segment 1, offset 0"));
  EXPECT_EQ(segments_of("kv"), before);
}

TEST_F(Space, OfOldEventsIsGivenBackByTrim) {
  static const struct {
    std::vector<std::string> keep;
    std::uint64_t first_txid;
  } rows[] = {
      {{"--keep-segments", "2"}, 7}, {{"--keep-segments", "99"}, 1}, {{"--keep-records", "3"}, 7},
      {{"--keep-records", "4"}, 7},  {{"--keep-records", "5"}, 5},   {{"--keep-bytes", "1"}, 9},
      {{"--keep-bytes", "62"}, 7},   {{"--keep-segments", "0"}, 9},  {{"--keep-records", "0"}, 9},
      {{"--keep-bytes", "1K"}, 1},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.keep[0] + " " + row.keep[1]);
    std::filesystem::remove_all(in_dir("log"));
    append_events("log", 10);
    const Ended trim = run({"--json", "trim", "log", row.keep[0], row.keep[1]});
    EXPECT_EQ(trim.status, 0) << trim.err;
    EXPECT_THAT(trim.out, HasSubstr(R"("records_removed":)" + std::to_string(row.first_txid - 1) + ','));
    std::string wanted;
    for (std::uint64_t txid = row.first_txid; txid <= 10; ++txid) wanted += "e" + std::to_string(txid) + '\n';
    EXPECT_EQ(payloads("log"), wanted);
    EXPECT_EQ(run({"verify", "log"}).status, 0);
    append_events("log", 1);
    EXPECT_EQ(payloads("log"), wanted + "e11\n") << "txids go on";
  }
}

TEST_F(Space, TrimRefusesAStoreWithKeysUnlessForced) {
  churn("kv", 5);
  const auto before = segments_of("kv");
  const Ended refused = run({"trim", "kv", "--keep-segments", "1"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("the store holds keys"), HasSubstr("`datawal compact`")));
  EXPECT_EQ(segments_of("kv"), before);
  EXPECT_EQ(run({"trim", "kv", "--keep-segments", "1", "--force"}).status, 0);
  EXPECT_EQ(segments_of("kv").size(), 1U);
  EXPECT_EQ(run({"verify", "kv"}).status, 0);
}

TEST_F(Space, TrimWantsToKnowWhatToKeepAndIsAlone) {
  append_events("log", 10);
  const auto before = segments_of("log");
  EXPECT_THAT(run({"trim", "log"}).err, HasSubstr("say what to keep"));
  EXPECT_EQ(run({"trim", "log", "--keep-segments", "1", "--keep-bytes", "1"}).status, 1);
  EXPECT_EQ(run({"trim", "log", "--keep-bytes", "some"}).status, 1);
  EXPECT_EQ(run({"trim", "nowhere", "--keep-bytes", "1"}).status, 1);
  EXPECT_FALSE(std::filesystem::exists(in_dir("nowhere")));
  const RecordLog writer = RecordLog::open(in_dir("log")).value();
  EXPECT_EQ(run({"trim", "log", "--keep-bytes", "1"}).status, 1) << "locked";
  EXPECT_EQ(segments_of("log"), before);
}

TEST_F(Space, TrimLeavesAReaderItsSnapshot) {
  append_events("log", 10);
  RecordLogReader reader = RecordLogReader::open(in_dir("log")).value();
  EXPECT_EQ(run({"trim", "log", "--keep-segments", "1"}).status, 0);
  RecordCursor cursor = reader.records();
  std::uint64_t count = 0;
  while (cursor.next().value()) ++count;
  EXPECT_EQ(count, 10U);
}

TEST_F(Space, IsSharedByACheckpoint) {
  const Contents contents = churn("kv", 5);
  const DataWal writer = open("kv");
  const Ended made = run({"--json", "checkpoint", "kv", "copy"});
  EXPECT_EQ(made.status, 0) << made.err;
  const std::size_t segments = segments_of("kv").size();
  EXPECT_EQ(made.out, R"({"schema":"datawal.cli.v1","kind":"checkpoint","target":"copy","segments":)" +
                          std::to_string(segments) + R"(,"bytes":)" + std::to_string(bytes_of("copy")) +
                          R"(,"linked":)" + std::to_string(segments - 1) + "}\n");
  EXPECT_EQ(inode_of("kv/00000001.dwal"), inode_of("copy/00000001.dwal"));
  EXPECT_EQ(contents_of("copy"), contents);
  const Ended again = run({"checkpoint", "kv", "copy"});
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.err, HasSubstr("copy"));
  EXPECT_EQ(run({"put", "copy", "--key", "a", "only in the copy"}).status, 0);
  EXPECT_EQ(contents_of("kv"), contents);
}

TEST_F(Space, IsSharedWithAnEarlierCheckpointWhereBytesAreTheSame) {
  churn("kv", 5);
  EXPECT_EQ(run({"checkpoint", "kv", "monday"}).status, 0);
  std::filesystem::copy(in_dir("monday"), in_dir("elsewhere"), std::filesystem::copy_options::recursive);
  const Contents contents = churn("kv", 9);
  const Ended made = run({"checkpoint", "kv", "tuesday", "--incremental", "elsewhere"});
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(inode_of("tuesday/00000001.dwal"), inode_of("elsewhere/00000001.dwal"));
  EXPECT_EQ(contents_of("tuesday"), contents);
  EXPECT_EQ(run({"checkpoint", "kv", "wednesday", "--incremental", "nowhere"}).status, 1);
  EXPECT_FALSE(std::filesystem::exists(in_dir("wednesday")));
}

TEST_F(Space, IsNotSharedWithASegmentToWhichAnEarlierCheckpointStillAppends) {
  const Contents contents = churn("kv", 2);  // the last segment has room for one more record
  EXPECT_EQ(run({"checkpoint", "kv", "monday"}).status, 0);
  std::filesystem::copy(in_dir("monday"), in_dir("elsewhere"), std::filesystem::copy_options::recursive);
  EXPECT_EQ(run({"compact", "kv", "--min-garbage", "1"}).status,
            0);  // seals the segment that is the last one of monday's
  DataWal elsewhere = open("elsewhere");
  EXPECT_EQ(run({"checkpoint", "kv", "tuesday", "--incremental", "elsewhere"}).status, 0);
  elsewhere.put("a", "elsewhere").value();
  elsewhere.close().value();
  EXPECT_EQ(contents_of("tuesday"), contents);
  EXPECT_EQ(segments_of("tuesday"), segments_of("kv"));
}

TEST_F(Space, IsCopiedConsistentlyDuringACompactionByAnotherProcess) {
  const Contents contents = churn("kv", 60);
  DataWal store = open("kv");
  int copies = 0;
  store
      .compact({.min_garbage_ratio = 0,
                .on_progress =
                    [&](const Progress&) {
                      if (copies % 16 == 0) {
                        const std::string name = "copy-" + std::to_string(copies);
                        const Ended made = run({"checkpoint", "kv", name});
                        EXPECT_EQ(made.status, 0) << made.err;
                        EXPECT_EQ(contents_of(name), contents);
                      }
                      ++copies;
                      return !HasFailure();
                    }})
      .value();
  EXPECT_GT(copies, 10);
  EXPECT_LT(bytes_of("kv"), 250U);
  for (int i = 0; i < copies; i += 16) {
    const std::string name = "copy-" + std::to_string(i);
    EXPECT_EQ(run({"verify", name}).status, 0) << name << ": later compaction of the source must not touch it";
    EXPECT_EQ(contents_of(name), contents) << name;
  }
}

TEST_F(Space, IsCountedByStat) {
  churn("kv", 5);
  const auto before = image_of("kv");
  const Ended stat = run({"stat", "kv", "--segments"});
  EXPECT_EQ(stat.status, 0);
  EXPECT_EQ(stat.err, "");
  EXPECT_THAT(stat.out, AllOf(HasSubstr("live_keys:              4\n"), HasSubstr("delete_records:         1\n"),
                              HasSubstr("key_directory_bytes:    "), HasSubstr("quarantined_bytes:      0\n"),
                              HasSubstr("segment 1:"), HasSubstr(" tombstones; active\n")));
  const Ended json = run({"--json", "stat", "kv", "--segments"});
  EXPECT_THAT(json.out, AllOf(HasSubstr(R"("kind":"stat","segments":)"), HasSubstr(R"("live_keys":4,)"),
                              HasSubstr(R"("per_segment":[{"segment":1,"bytes":)"), HasSubstr(R"("active":true}]})")));
  EXPECT_THAT(run({"--json", "stat", "kv"}).out, Not(HasSubstr("per_segment")));
  EXPECT_EQ(run({"stat", "nowhere"}).status, 1);
  EXPECT_EQ(image_of("kv"), before);
}

TEST_F(Space, IsCountedForPrometheus) {
  churn("kv", 5);
  const Ended stat = run({"stat", "kv", "--prometheus"});
  EXPECT_EQ(stat.status, 0);
  EXPECT_THAT(stat.out, AllOf(HasSubstr("# HELP datawal_live_keys Live keys.\n# TYPE datawal_live_keys gauge\n"
                                        "datawal_live_keys{store=\"kv\"} 4\n"),
                              HasSubstr("datawal_quarantined_bytes{store=\"kv\"} 0\n")));
  std::size_t lines = 0;
  for (const char c : stat.out) lines += c == '\n' ? 1 : 0;
  EXPECT_EQ(lines % 3, 0U) << "each with its help and its type";
}

TEST_F(Space, IsWatchedByStatUntilItIsToldToStop) {
  churn("kv", 5);
  const auto watching = start({"--json", "stat", "kv", "--watch", "1"});
  EXPECT_THAT(watching->read_line(), HasSubstr(R"("live_keys":4,)"));
  EXPECT_EQ(run({"put", "kv", "--key", "new", "1"}).status, 0);
  EXPECT_THAT(watching->read_line(), HasSubstr(R"("live_keys":5,)"));
  watching->signal(SIGINT);
  const Ended ended = watching->wait();
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(ended.out, "");
}

TEST_F(Space, OfTheDirectoryThatHasGotTheNameIsWatchedByStat) {
  churn("kv", 5);
  EXPECT_EQ(run({"put", "other", "--key", "only", "1"}).status, 0);
  const auto watching = start({"--json", "stat", "kv", "--watch", "1"});
  EXPECT_THAT(watching->read_line(), HasSubstr(R"("live_keys":4,)"));
  std::filesystem::rename(in_dir("kv"), in_dir("old"));
  std::filesystem::rename(in_dir("other"), in_dir("kv"));
  EXPECT_EQ(watching->read_error_line(), "datawal stat: kv is another directory now: what follows is of that");
  EXPECT_THAT(watching->read_line(), HasSubstr(R"("live_keys":1,)"));
  watching->signal(SIGINT);
  EXPECT_EQ(watching->wait().status, 0);
}

TEST_F(Space, OfASegmentIsChosenByEveryCommandThatWritesKeys) {
  EXPECT_EQ(run({"put", "kv", "--key", "a", "1", "--segment-bytes", "30"}).status, 0);
  EXPECT_EQ(run({"delete", "kv", "--key", "a", "--segment-bytes", "30"}).status, 0);
  EXPECT_TRUE(std::filesystem::exists(in_dir("kv/00000002.dwal")));
  std::ofstream(in_dir("lines.jsonl")) << R"({"key_b64":"YQ==","value_b64":"MQ=="})" << '\n'
                                       << R"({"key_b64":"Yg==","value_b64":"MQ=="})" << '\n';
  EXPECT_EQ(run({"import", "other", "lines.jsonl", "--segment-bytes", "30"}).status, 0);
  EXPECT_TRUE(std::filesystem::exists(in_dir("other/00000002.dwal")));
}

}  // namespace
}  // namespace datawal::test
