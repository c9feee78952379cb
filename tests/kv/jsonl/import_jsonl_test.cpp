// Lines of JSON as records: which are none, where the reading stops, and what was applied then.

#include <algorithm>
#include <span>

#include <gmock/gmock.h>

#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

// An input in pieces of `step` bytes.
DataWal::Source pieces_of(std::string_view text, std::size_t step = 7) {
  return [text, step](std::span<char> into) mutable -> Result<std::size_t> {
    const std::size_t len = std::min({text.size(), step, into.size()});
    std::ranges::copy(text.substr(0, len), into.begin());
    text.remove_prefix(len);
    return len;
  };
}

class ImportJsonl : public testing::Test {
 protected:
  Result<ImportStats> import(std::string_view text, const ImportOptions& options = {}, std::size_t step = 7) {
    return kv_.import_jsonl_from(pieces_of(text, step), "input", options);
  }

  Store store_;
  DataWal kv_ = open_kv(store_.path());
  const std::string good_ = line_of("YQ==", "MQ==");   // a, 1
  const std::string other_ = line_of("Yg==", "Mg==");  // b, 2
  const Contents both_{{"a", "1"}, {"b", "2"}};
};

TEST_F(ImportJsonl, PutsEveryLine) {
  const ImportStats stats = must(import(good_ + other_));
  EXPECT_EQ(stats.records_read, 2U);
  EXPECT_EQ(stats.records_written, 2U);
  EXPECT_EQ(stats.lines_rejected, 0U);
  EXPECT_EQ(contents_of(kv_), both_);
}

TEST_F(ImportJsonl, PassesOverBlankLinesAndCountsThemAmongTheLines) {
  const ImportStats stats = must(import("\n" + good_ + " \t\r\n\n" + other_ + "\n  "));
  EXPECT_EQ(stats.records_read, 2U);
  EXPECT_EQ(stats.lines_rejected, 0U);
  EXPECT_EQ(contents_of(kv_), both_);
  const Result<ImportStats> bad = import("\n\nno record\n");
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().detail, HasSubstr("line 3"));
}

TEST_F(ImportJsonl, TakesWhatOthersWriteToo) {
  static const struct {
    const char* name;
    std::string text;
  } rows[] = {
      {"no newline at the end", R"({"key_b64":"YQ==","value_b64":"MQ=="})"},
      {"CRLF", "{\"key_b64\":\"YQ==\",\"value_b64\":\"MQ==\"}\r\n"},
      {"blanks", "  { \"key_b64\" : \"YQ==\" ,\t\"value_b64\":\"MQ==\" } \n"},
      {"the value first", R"({"value_b64":"MQ==","key_b64":"YQ=="})"},
      {"escapes", R"({"key\u005fb64":"\u0059Q==","value_b64":"MQ=="})"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    must(kv_.erase("a"));
    EXPECT_TRUE(ok(import(row.text)));
    EXPECT_TRUE(has(kv_, "a", "1"));
  }
}

TEST_F(ImportJsonl, TakesTheLastOfTwoLinesOfOneKey) {
  must(import(good_ + line_of("YQ==", "Mg==")));
  EXPECT_TRUE(has(kv_, "a", "2"));
}

TEST_F(ImportJsonl, OfNothingPutsNothing) {
  EXPECT_EQ(must(import("")).records_read, 0U);
  write_file(store_.beside("empty"), "");
  EXPECT_EQ(must(kv_.import_jsonl(store_.beside("empty"))).records_read, 0U);
  EXPECT_TRUE(kv_.empty());
}

TEST_F(ImportJsonl, StopsAtALineThatIsNoRecord) {
  static const struct {
    const char* name;
    std::string line;
    const char* said;
  } rows[] = {
      {"no JSON", "a,b", "no JSON object"},
      {"an array", R"(["YQ==","MQ=="])", "no JSON object"},
      {"a string", R"("YQ==")", "no JSON object"},
      {"cut", R"({"key_b64":"YQ==","value_b64":"M)", "no JSON object"},
      {"two objects", R"({"key_b64":"YQ==","value_b64":"MQ=="}{"key_b64":"YQ==","value_b64":"MQ=="})",
       "no JSON object"},
      {"a NUL behind the object", "{\"key_b64\":\"YQ==\",\"value_b64\":\"MQ==\"}\0"s, "no JSON object"},
      {"a NUL in a string", "{\"key_b64\":\"YQ==\0\",\"value_b64\":\"MQ==\"}"s, "no JSON object"},
      {"bytes that are no UTF-8", "{\"key_b64\":\"\xFF\",\"value_b64\":\"MQ==\"}", "no JSON object"},
      {"no key", R"({"value_b64":"MQ=="})", "key_b64 is missing"},
      {"no value", R"({"key_b64":"YQ=="})", "value_b64 is missing"},
      {"an empty object", "{}", "key_b64 is missing"},
      {"a third field", R"({"key_b64":"YQ==","value_b64":"MQ==","note":"x"})", "a field that is not"},
      {"the key twice", R"({"key_b64":"YQ==","key_b64":"YQ==","value_b64":"MQ=="})", "one of them twice"},
      {"the value twice", R"({"key_b64":"YQ==","value_b64":"MQ==","value_b64":"MQ=="})", "one of them twice"},
      {"a number", R"({"key_b64":"YQ==","value_b64":1})", "a field is no string"},
      {"null", R"({"key_b64":null,"value_b64":"MQ=="})", "a field is no string"},
      {"no padding", R"({"key_b64":"YQ","value_b64":"MQ=="})", "key_b64 is no base64"},
      {"another alphabet", R"({"key_b64":"YQ==","value_b64":"_-8="})", "value_b64 is no base64"},
      {"bits behind the last byte", R"({"key_b64":"YR==","value_b64":"MQ=="})", "key_b64 is no base64"},
      {"a blank in base64", R"({"key_b64":"YQ ==","value_b64":"MQ=="})", "key_b64 is no base64"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    must(kv_.erase("a"));
    must(kv_.erase("b"));
    const Result<ImportStats> imported = import(good_ + row.line + '\n' + other_);
    ASSERT_TRUE(refused(imported, Errc::invalid_argument));
    EXPECT_THAT(imported.error().message(), HasSubstr(row.said));
    EXPECT_THAT(imported.error().message(), HasSubstr("line 2"));
    EXPECT_EQ(imported.error().path, "input");
    EXPECT_EQ(contents_of(kv_), (Contents{{"a", "1"}}));

    const ImportStats stats = must(import(good_ + row.line + '\n' + other_, {.skip_bad = true}));
    EXPECT_EQ(stats.lines_rejected, 1U);
    EXPECT_EQ(stats.records_written, 2U);
    EXPECT_EQ(contents_of(kv_), both_);
  }
}

TEST_F(ImportJsonl, CountsABadLastLineWithoutANewline) {
  EXPECT_THAT(import(good_ + "{").error().message(), HasSubstr("line 2"));
  EXPECT_EQ(must(import(good_ + "{", {.skip_bad = true})).lines_rejected, 1U);
}

TEST_F(ImportJsonl, StopsAtAKeyOverTheLimit) {
  std::string key;
  for (std::uint32_t n = 0; n <= max_key_len; n += 3) key += "AAAA";  // three bytes each
  const Result<ImportStats> imported = import(good_ + line_of(key, "MQ==") + other_, {}, 1 << 16);
  ASSERT_TRUE(refused(imported, Errc::invalid_argument));
  EXPECT_THAT(imported.error().message(), HasSubstr("line 2: the key is too long"));
  EXPECT_EQ(must(import(good_ + line_of(key, "MQ==") + other_, {.skip_bad = true}, 1 << 16)).lines_rejected, 1U);
  EXPECT_EQ(contents_of(kv_), both_);
}

TEST_F(ImportJsonl, StopsAtALineLongerThanAnyRecordWithoutKeepingIt) {
  // 100 MB are announced and never held: the source makes them as they are asked for.
  const auto endless = [this](bool skip) {
    std::uint64_t left = 100'000'000;
    std::string_view head = good_;
    std::string_view tail = "\n";
    std::string_view last = other_;
    const DataWal::Source source = [=](std::span<char> into) mutable -> Result<std::size_t> {
      for (std::string_view* text : {&head, &tail, &last}) {
        if (text == &tail && left > 0) {
          const auto len = static_cast<std::size_t>(std::min<std::uint64_t>(left, into.size()));
          std::ranges::fill(into.first(len), 'x');
          left -= len;
          return len;
        }
        if (text->empty()) continue;
        const std::size_t len = std::min(text->size(), into.size());
        std::ranges::copy(text->substr(0, len), into.begin());
        text->remove_prefix(len);
        return len;
      }
      return 0;
    };
    return kv_.import_jsonl_from(source, "input", {.skip_bad = skip});
  };
  const Result<ImportStats> imported = endless(false);
  ASSERT_TRUE(refused(imported, Errc::invalid_argument));
  EXPECT_THAT(imported.error().message(), HasSubstr("line 2: it is longer than any record"));
  EXPECT_TRUE(lacks(kv_, "b"));
  EXPECT_EQ(must(endless(true)).lines_rejected, 1U);
  EXPECT_TRUE(has(kv_, "b", "2"));
}

TEST_F(ImportJsonl, TakesTheLongestRecordThereIs) {
  const std::string key(max_key_len, 'k');
  const std::string value(max_payload_len, 'v');
  must(kv_.put(key, value));
  must(kv_.export_jsonl(store_.beside("long")));
  DataWal other = open_kv(store_.beside("other"));
  EXPECT_TRUE(ok(other.import_jsonl(store_.beside("long"))));
  EXPECT_TRUE(has(other, key, value));
}

TEST_F(ImportJsonl, ReturnsTheErrorOfItsSourceAndKeepsWhatWasBefore) {
  int calls = 0;
  const DataWal::Source source = [&](std::span<char> into) -> Result<std::size_t> {
    if (++calls > 1) return std::unexpected(Error{.code = Errc::io, .action = "read input"});
    std::ranges::copy(good_, into.begin());
    return good_.size();
  };
  EXPECT_TRUE(refused(kv_.import_jsonl_from(source, "input"), Errc::io));
  EXPECT_TRUE(has(kv_, "a", "1"));
}

TEST_F(ImportJsonl, RefusesWhatIsNoRegularFile) {
  EXPECT_FALSE(kv_.import_jsonl(store_.beside("absent")));
  EXPECT_FALSE(kv_.import_jsonl(store_.path()));
  EXPECT_FALSE(kv_.import_jsonl(""));
  EXPECT_TRUE(kv_.empty());
}

TEST_F(ImportJsonl, IntoAClosedStoreIsRefusedWhateverTheInput) {
  write_file(store_.beside("empty"), "");
  must(kv_.close());
  for (const std::string& text : {std::string(), std::string("no JSON\n"), good_}) {
    EXPECT_TRUE(refused(import(text), Errc::closed));
  }
  EXPECT_TRUE(refused(kv_.import_jsonl(store_.beside("empty")), Errc::closed));
  EXPECT_TRUE(refused(kv_.import_jsonl(store_.beside("absent")), Errc::closed));
}

}  // namespace
}  // namespace datawal::test
