// Commands on many keys at once.

#include <datawal/base64.hpp>

#include "cli/program_test.hpp"

namespace datawal::test {
namespace {

using testing::HasSubstr;

class ManyKeys : public ProgramTest {
 protected:
  ManyKeys() {
    for (const char* key : {"b", "user:2", "user:1", "a b", "session:1"}) {
      EXPECT_EQ(run({"put", "kv", "--key", key, std::string("value of ") + key}).status, 0);
    }
  }

  [[nodiscard]] std::string keys(std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {"keys", "kv"});
    const Ended ended = run(options);
    EXPECT_EQ(ended.status, 0) << ended.err;
    return ended.out;
  }
};

TEST_F(ManyKeys, AreListedAscending) {
  EXPECT_EQ(keys(), "\"a b\"\nb\nsession:1\nuser:1\nuser:2\n");
  EXPECT_EQ(keys({"--prefix", "user:"}), "user:1\nuser:2\n");
  EXPECT_EQ(keys({"--from", "b", "--to", "user:2"}), "b\nsession:1\nuser:1\n");
  EXPECT_EQ(keys({"--limit", "2"}), "\"a b\"\nb\n");
  EXPECT_EQ(keys({"--prefix", "nobody"}), "");
  EXPECT_EQ(keys({"--count", "--prefix", "user:"}), "keys:                   2\n");
  EXPECT_EQ(keys({"--json", "--limit", "1"}),
            "{\"schema\":\"datawal.cli.v1\",\"kind\":\"key\",\"key_base64\":\"YSBi\"}\n");
}

TEST_F(ManyKeys, GoFromOneCommandToAnotherAsTheyAre) {
  const std::string names = keys({"--null"});
  EXPECT_EQ(names, std::string("a b\0b\0session:1\0user:1\0user:2\0", 30));
  EXPECT_EQ(run({"get", "kv", "--null", "--keys-from", "-"}, names).out,
            "\"a b\"\t\"value of a b\"\nb\t\"value of b\"\nsession:1\t\"value of session:1\"\n"
            "user:1\t\"value of user:1\"\nuser:2\t\"value of user:2\"\n");
}

TEST_F(ManyKeys, AreGotTogetherAndThoseThatAreMissingTold) {
  const Ended some = run({"get", "kv", "--key", "b", "--key", "nobody", "--key-hex", "612062"});
  EXPECT_EQ(some.out, "b\t\"value of b\"\n\"a b\"\t\"value of a b\"\n");
  EXPECT_THAT(some.err, HasSubstr("1 key is not there"));
  EXPECT_EQ(some.status, 2);
  EXPECT_EQ(
      run({"--json", "get", "kv", "--key", "nobody", "--key", "b"}).out,
      "{\"schema\":\"datawal.cli.v1\",\"kind\":\"miss\",\"key_base64\":\"bm9ib2R5\"}\n"
      "{\"schema\":\"datawal.cli.v1\",\"kind\":\"value\",\"key_base64\":\"Yg==\",\"value_base64\":\"dmFsdWUgb2YgYg==\","
      "\"value_len\":10}\n");
  EXPECT_EQ(run({"get", "kv", "--key", "b"}).out, "value of b");
  EXPECT_EQ(run({"get", "kv"}).status, 1);
}

TEST_F(ManyKeys, ArePutFromLines) {
  ASSERT_EQ(run({"put", "copy", "--lines", "-"}, run({"export", "kv"}).out).status, 0);
  EXPECT_EQ(run({"diff", "kv", "copy"}).status, 0);
  EXPECT_EQ(run({"put", "copy", "--lines", "-", "--key", "x"}).status, 1);
  EXPECT_EQ(run({"put", "copy", "--lines", "-", "--value-file", "x"}).status, 1);
  EXPECT_EQ(run({"put", "copy"}).status, 1);
}

TEST_F(ManyKeys, AreToldHowToLeaveABadLineOutOnlyWhereThatCanBeDone) {
  const Ended put = run({"put", "kv", "--lines", "-"}, "nonsense\n");
  EXPECT_EQ(put.status, 1);
  EXPECT_THAT(put.err, testing::Not(HasSubstr("--skip-bad")));
  EXPECT_THAT(run({"import", "kv", "-"}, "nonsense\n").err, HasSubstr("--skip-bad"));
}

TEST_F(ManyKeys, ARangeIsListedFirstAndThenDeleted) {
  const std::vector<std::string> range = {"delete", "kv", "--prefix", "user:"};
  std::vector<std::string> dry = range;
  dry.emplace_back("--dry-run");
  const auto before = image_of("kv");
  const Ended foretold = run(dry);
  EXPECT_EQ(foretold.status, 0);
  EXPECT_THAT(foretold.out, HasSubstr("user:1\nuser:2\n"));
  EXPECT_THAT(foretold.out, HasSubstr("keys_deleted:           2\n"));
  EXPECT_EQ(image_of("kv"), before);

  const Ended done = run(range);
  EXPECT_EQ(done.status, 0);
  EXPECT_THAT(done.out, HasSubstr("keys_deleted:           2\n"));
  EXPECT_EQ(keys(), "\"a b\"\nb\nsession:1\n");
  EXPECT_THAT(run(range).out, HasSubstr("keys_deleted:           0\n"));
}

TEST_F(ManyKeys, AreDeletedByName) {
  const Ended done = run({"delete", "kv", "--keys-from", "-"}, "b\nnobody\nuser:1\n");
  EXPECT_EQ(done.status, 2);
  EXPECT_THAT(done.out, HasSubstr("keys_deleted:           2\nkeys_missing:           1\n"));
  EXPECT_EQ(keys(), "\"a b\"\nsession:1\nuser:2\n");
}

TEST_F(ManyKeys, AreNotDeletedWhereNothingSaysWhich) {
  const auto before = image_of("kv");
  EXPECT_EQ(run({"delete", "kv"}).status, 1);
  EXPECT_EQ(run({"delete", "kv", "--prefix", ""}).status, 1);
  EXPECT_EQ(run({"delete", "kv", "--prefix="}).status, 1);
  EXPECT_EQ(run({"delete", "kv", "--keys-from", "absent"}).status, 1);
  EXPECT_EQ(image_of("kv")["00000001.dwal"], before.at("00000001.dwal"));
}

// As `export` writes it, and a blank line, which `import` passes over.
std::string line_of(const std::string& key) {
  std::string text = R"({"key_b64":")";
  append_base64(text, key);
  return text + R"(","value_b64":""})" + "\n\n";
}

TEST_F(ManyKeys, MoreThanOneBatchAreDeleted) {
  std::string lines;
  for (int n = 0; n < 2500; ++n) {
    lines += line_of("key " + std::to_string(n));
  }
  ASSERT_EQ(run({"import", "many", "-"}, lines).status, 0);
  ASSERT_THAT(run({"keys", "many", "--count"}).out, HasSubstr("keys:                   2500\n"));
  EXPECT_THAT(run({"delete", "many", "--from", ""}).out, HasSubstr("keys_deleted:           2500\n"));
  EXPECT_EQ(run({"keys", "many"}).out, "");
}

TEST_F(ManyKeys, BeforeABadLineAreDealtWith) {
  const std::string lines = "b\n" + std::string(70'000, 'x') + "\nuser:1\n";
  const Ended got = run({"get", "kv", "--keys-from", "-"}, lines);
  EXPECT_EQ(got.out, "b\t\"value of b\"\n");
  EXPECT_THAT(got.err, HasSubstr("standard input, line 2: the key has 70000 bytes"));
  EXPECT_EQ(got.status, 1);
  EXPECT_EQ(run({"delete", "kv", "--keys-from", "-"}, lines).status, 1);
  EXPECT_EQ(keys(), "\"a b\"\nsession:1\nuser:1\nuser:2\n");
}

TEST_F(ManyKeys, AreLeftAloneWhereTheFileWithMoreOfThemIsNotThere) {
  EXPECT_EQ(run({"delete", "kv", "--key", "b", "--keys-from", "absent"}).status, 1);
  EXPECT_THAT(keys(), HasSubstr("b\n"));
}

TEST_F(ManyKeys, CountOnceThoughTheyAreNamedTwice) {
  const std::string lines = "b\nnobody\nb\nnobody\n";
  for (const bool is_dry_run : {true, false}) {
    std::vector<std::string> command = {"delete", "kv", "--keys-from", "-"};
    if (is_dry_run) command.emplace_back("--dry-run");
    const Ended ended = run(command, lines);
    EXPECT_EQ(ended.status, 2);
    EXPECT_THAT(ended.out, HasSubstr("keys_deleted:           1\nkeys_missing:           1\n"));
  }
}

TEST_F(ManyKeys, CountOnceThoughTheyWereDeletedInAnEarlierBatch) {
  std::string puts;
  std::string names;
  for (int n = 0; n < 1500; ++n) {
    puts += line_of(std::to_string(n));
    names += std::to_string(n) + "\n";
  }
  ASSERT_EQ(run({"import", "many", "-"}, puts).status, 0);
  const Ended ended = run({"delete", "many", "--keys-from", "-"}, names + "0\n");
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("keys_deleted:           1500\nkeys_missing:           0\n"));
}

TEST_F(ManyKeys, ByNameAndInARangeAreNotDeletedTogether) {
  const Ended ended = run({"delete", "kv", "--key", "b", "--prefix", "user:"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("do not go together"));
  EXPECT_EQ(run({"delete", "kv", "--keys-from", "-", "--from", "a", "--dry-run"}, "b\n").status, 1);
  EXPECT_THAT(keys(), HasSubstr("b\n"));
}

TEST_F(ManyKeys, OfADryRunAreListedAsByKeys) {
  const Ended ended = run({"--json", "delete", "kv", "--key", "b", "--key", "nobody", "--dry-run"});
  EXPECT_EQ(ended.status, 2);
  EXPECT_EQ(ended.out,
            "{\"schema\":\"datawal.cli.v1\",\"kind\":\"key\",\"key_base64\":\"Yg==\"}\n"
            "{\"schema\":\"datawal.cli.v1\",\"kind\":\"delete\",\"action\":\"none\",\"keys_deleted\":1,"
            "\"keys_missing\":1}\n");
  EXPECT_THAT(ended.err, HasSubstr("of the keys, 1 was not there"));
}

TEST_F(ManyKeys, WithANulByteAreNotListedWithNulBytesBetween) {
  ASSERT_EQ(run({"put", "kv", "--key-hex", "6300", "1"}).status, 0);
  const Ended ended = run({"keys", "kv", "--null"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.out, std::string("a b\0b\0", 6));
  EXPECT_THAT(ended.err, HasSubstr("holds a NUL byte itself"));
  EXPECT_EQ(run({"--json", "keys", "kv", "--null"}).status, 0);
}

// More than a pipe holds: once it is sent, the program has begun to read it.
std::string more_than_fits(const std::string& line) {
  std::string lines;
  while (lines.size() < 200'000) lines += line;
  return lines;
}

TEST_F(ManyKeys, AreDeletedUntilASignalComes) {
  const auto running = start({"delete", "kv", "--keys-from", "-"});
  running->send("b\n" + more_than_fits("nobody\n"));
  running->signal(SIGTERM);
  const Ended ended = running->wait();
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.out, HasSubstr("keys_deleted:           1\n"));
  EXPECT_THAT(ended.err, HasSubstr("stopped by a signal"));
  EXPECT_EQ(keys(), "\"a b\"\nsession:1\nuser:1\nuser:2\n");
}

TEST_F(ManyKeys, AreGotUntilASignalComesThoughNobodyTakesThem) {
  write_file(in_dir("names"), more_than_fits("b\n"));
  const auto running = start({"get", "kv", "--keys-from", "names"});
  running->wait_until_it_stalls();
  running->signal(SIGTERM);
  EXPECT_TRUE(running->ends_unread());
  const Ended ended = running->wait();
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("stopped by a signal while nobody took the output"));
}

class Comparison : public ProgramTest {};

TEST_F(Comparison, OfACompactedCopyFindsNoDifference) {
  for (const char* value : {"1", "2"}) ASSERT_EQ(run({"put", "kv", "--key", "k", value}).status, 0);
  ASSERT_EQ(run({"checkpoint", "kv", "copy"}).status, 0);
  ASSERT_EQ(run({"compact", "copy", "--min-garbage", "0"}).status, 0);
  const Ended same = run({"diff", "kv", "copy"});
  EXPECT_EQ(same.status, 0);
  EXPECT_EQ(same.err, "");
  EXPECT_EQ(run({"diff", "kv", "copy", "--records", "--quiet"}).status, 1);
}

TEST_F(Comparison, NamesEachKeyThatDiffers) {
  for (const char* key : {"a", "b", "c"}) ASSERT_EQ(run({"put", "one", "--key", key, "1"}).status, 0);
  for (const char* key : {"b", "c", "d"}) ASSERT_EQ(run({"put", "two", "--key", key, "1"}).status, 0);
  ASSERT_EQ(run({"put", "two", "--key", "c", "2"}).status, 0);
  const Ended ended = run({"diff", "one", "two"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.out, testing::StartsWith("< a\n! c\n> d\n"));
  EXPECT_THAT(ended.out, HasSubstr("only_in_first:          1\nonly_in_second:         1\ndifferent:              "
                                   "1\nequal:                  1\n"));
  EXPECT_THAT(run({"--json", "diff", "one", "two"}).out,
              testing::StartsWith("{\"schema\":\"datawal.cli.v1\",\"kind\":\"difference\",\"how\":\"only_in_first\","
                                  "\"key_base64\":\"YQ==\"}\n"));
}

TEST_F(Comparison, OfLogsGoesByTransactionId) {
  ASSERT_EQ(run({"append", "one"}, "a\nb\n").status, 0);
  ASSERT_EQ(run({"append", "two"}, "a\nx\nc\n").status, 0);
  const Ended ended = run({"diff", "one", "two", "--records"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.out, testing::StartsWith("! txid=2 type=Raw key=\n> txid=3 type=Raw key=\n"));
}

TEST_F(Comparison, IsOfKeysAndOfRawRecords) {
  for (const char* store : {"one", "two"}) ASSERT_EQ(run({"put", store, "--key", "k", "1"}).status, 0);
  EXPECT_EQ(run({"append", "one"}, "a\n").status, 0);
  EXPECT_EQ(run({"append", "two"}, "x\nb\n").status, 0);
  ASSERT_EQ(run({"put", "two", "--key", "k", "2"}).status, 0);
  const Ended ended = run({"diff", "one", "two"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.err, "");
  EXPECT_EQ(ended.out,
            "! k\n! txid=2 type=Raw key=\n> txid=3 type=Raw key=\n"
            "compared:               keys_and_raw_records\nonly_in_first:          0\nonly_in_second:         1\n"
            "different:              2\nequal:                  0\n");
}

TEST_F(Comparison, OfACopyWithRawRecordsThatWasCompactedFindsNoDifference) {
  for (const char* value : {"1", "2"}) ASSERT_EQ(run({"put", "kv", "--key", "k", value}).status, 0);
  ASSERT_EQ(run({"append", "kv"}, "event\n").status, 0);
  ASSERT_EQ(run({"checkpoint", "kv", "copy"}).status, 0);
  ASSERT_EQ(run({"compact", "copy", "--min-garbage", "0"}).status, 0);
  EXPECT_EQ(run({"diff", "kv", "copy"}).status, 0);
}

TEST_F(Comparison, OfWhatIsNoStoreSaysSo) {
  ASSERT_EQ(run({"put", "kv", "--key", "k", "1"}).status, 0);
  EXPECT_EQ(run({"diff", "kv", "typo"}).status, 1);
  EXPECT_FALSE(std::filesystem::exists(in_dir("typo")));
}

}  // namespace
}  // namespace datawal::test
