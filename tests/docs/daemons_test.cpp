// The daemons of examples/ live, die and come back as docs/RECIPES.md says.

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include <datawal/data_wal_reader.hpp>

#include "support/files.hpp"

namespace datawal {
namespace {

class Daemons : public testing::Test {
 protected:
  // The exit status of lines of shell in a directory of their own, where they may write to `said`.
  [[nodiscard]] int run(const std::string& lines) const {
    test::write_file(directory_.path() / "lines.sh", "set -e\n" + lines);
    return std::system(("cd '" + directory_.path().string() + "' && sh lines.sh").c_str());
  }
  [[nodiscard]] std::string said() const { return test::read_file(directory_.path() / "said"); }

  test::TemporaryDirectory directory_;
};

TEST_F(Daemons, OfTheCacheForgetsWhatHasExpiredAndBacksUpTheRest) {
  EXPECT_EQ(run("printf '%s\\n' 'clock 100' 'put a 50 x' 'put b 100000 y' 'get a' 'clock 3700' 'get a' 'get b' end |"
                "  " DATAWAL_CACHE_DAEMON " cache backups > said"),
            0);
  EXPECT_EQ(said(), "x\n(none)\ny\n");
  const Result<DataWalReader> backup = DataWalReader::open(directory_.path() / "backups" / "0000000001");
  ASSERT_TRUE(backup) << backup.error().message();
  EXPECT_TRUE(backup->contains("b") == true);
  EXPECT_EQ(backup->size(), 1U) << "what had expired was erased before";
}

TEST_F(Daemons, OfTheCacheKeepsADayOfBackups) {
  EXPECT_EQ(run("{ echo 'put a 1000000 x'; for hour in $(seq 1 30); do echo clock $((hour * 3600)); done; echo end; } |"
                "  " DATAWAL_CACHE_DAEMON " cache backups && ls backups > said"),
            0);
  EXPECT_TRUE(said().starts_with("0000000007\n") && said().ends_with("0000000030\n")) << said();
}

TEST_F(Daemons, OfTheCacheRemoveNoBackupForOneThatIsThere) {
  EXPECT_EQ(run("{ echo 'put a 1000000 x'; for hour in $(seq 1 24); do echo clock $((hour * 3600)); done; echo end; } |"
                "  " DATAWAL_CACHE_DAEMON " cache backups && ls backups > before\n"
                "printf 'clock 86400\nend\n' | " DATAWAL_CACHE_DAEMON
                " cache backups && ls backups > said && cmp before said"),
            0);
}

TEST_F(Daemons, OfTheOutboxSendEverythingThoughTheSenderIsKilled) {
  EXPECT_EQ(run(R"(printf 'one\ntwo\n' | )" DATAWAL_OUTBOX_DAEMONS R"( promise box > promised
mkfifo pipe
)" DATAWAL_OUTBOX_DAEMONS R"( send box cursor > pipe & sender=$!
exec 3< pipe
read -r first <&3; read -r second <&3
kill -9 $sender; wait $sender || true
exec 3<&-
printf 'three\n' | )" DATAWAL_OUTBOX_DAEMONS R"( promise box >> promised
)" DATAWAL_OUTBOX_DAEMONS R"( send box cursor > pipe & sender=$!
exec 3< pipe
read -r next <&3
[ "$next" = 'sent 3 three' ] || read -r next <&3  # it was killed before it had noted the second
kill -TERM $sender; wait $sender
{ cat promised; echo "$first, $second, $next"; } > said)"),
            0);
  EXPECT_EQ(said(), "promised 1\npromised 2\npromised 3\nsent 1 one, sent 2 two, sent 3 three\n");
}

#ifdef DATAWAL_PROGRAM_DIRECTORY
// Without its hold the mirror would keep the key that was erased while it was behind.
TEST_F(Daemons, OfTheMirrorMissesNothingThoughTheStoreIsCompacted) {
  EXPECT_EQ(run(R"(PATH=')" DATAWAL_PROGRAM_DIRECTORY R"(':$PATH
put() { datawal put kv --key "$1" "$2" --segment-bytes 60 > out; }
put gone value; put a 1; put a 2
)" DATAWAL_MIRROR R"( kv copy
cmp kv/00000001.dwal copy/00000001.dwal
datawal delete kv --key gone > out
for i in 1 2 3 4 5; do put a $i; done
datawal compact kv --min-garbage 0 > out 2>&1
)" DATAWAL_MIRROR R"( kv copy
datawal diff kv copy
datawal keys copy > said
datawal compact kv --min-garbage 0 > out 2>&1
)" DATAWAL_MIRROR R"( kv copy
)"),
            0);
  EXPECT_EQ(said(), "a\n");
}
#endif

}  // namespace
}  // namespace datawal
