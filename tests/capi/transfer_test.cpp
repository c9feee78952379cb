// Lines of JSON that are handed to and taken from a program's own functions.

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "capi/capi_support.hpp"
#include "support/files.hpp"

namespace datawal::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

// A source that has these bytes, and gives at most so many at a time.
struct Input {
  std::string bytes{};
  std::size_t at_a_time = 0;
  std::size_t given = 0;
  std::size_t answer_at_end = 0;
};

size_t give(void* context, char* room, size_t size) {
  auto& input = *static_cast<Input*>(context);
  const std::size_t count = std::min({size, input.at_a_time, input.bytes.size() - input.given});
  if (count == 0) return input.answer_at_end;
  std::copy_n(input.bytes.data() + input.given, count, room);
  input.given += count;
  return count;
}

class CapiTransfer : public CapiTest {
 protected:
  CapiTransfer() {
    put(store_, "a", std::string(300'000, 'a'));
    put(store_, "b", std::string("\0\xff", 2));
  }

  datawal_code import(Input& input, datawal_counts* counts = nullptr) const {
    return datawal_store_import_jsonl_from(to_.get(), give, &input, "the wire", 0, nullptr, counts, nullptr);
  }

  static int collect(void* context, const char* lines, size_t size) {
    static_cast<std::vector<std::string>*>(context)->emplace_back(lines, size);
    return 1;
  }

  CStore store_ = open_store("kv");
  CStore to_ = open_store("to");
  const std::string line_ = R"({"key_b64":"YQ==","value_b64":"Yg=="})"
                            "\n";
};

TEST_F(CapiTransfer, ExportsThroughAFunctionWhatItExportsIntoAFile) {
  ASSERT_EQ(datawal_store_export_jsonl(store_.get(), in_dir("lines").c_str(), nullptr, nullptr), DATAWAL_OK);
  const CStoreReader reader = open_reader("kv");
  std::vector<std::string> pieces;
  datawal_counts counts;
  ASSERT_EQ(datawal_store_reader_export_jsonl_to(reader.get(), collect, &pieces, nullptr, &counts, nullptr), DATAWAL_OK)
      << last_error();
  std::string all;
  for (const std::string& piece : pieces) {
    EXPECT_THAT(piece, EndsWith("}\n"));
    all += piece;
  }
  EXPECT_EQ(all, read_file(in_dir("lines")));
  EXPECT_EQ(counts.records_written, 2U);
  EXPECT_EQ(counts.bytes_written, all.size());
  EXPECT_EQ(counts.is_cancelled, 0);
}

TEST_F(CapiTransfer, ExportsFromAStoreWhatItExportsFromItsReader) {
  std::vector<std::string> pieces;
  ASSERT_EQ(datawal_store_export_jsonl_to(store_.get(), collect, &pieces, nullptr, nullptr, nullptr), DATAWAL_OK);
  std::vector<std::string> of_reader;
  ASSERT_EQ(
      datawal_store_reader_export_jsonl_to(open_reader("kv").get(), collect, &of_reader, nullptr, nullptr, nullptr),
      DATAWAL_OK);
  EXPECT_EQ(pieces, of_reader);
  EXPECT_FALSE(pieces.empty());
}

TEST_F(CapiTransfer, SaysThatAnExportWasStopped) {
  const datawal_sink stop = [](void*, const char*, size_t) { return 0; };
  const auto is_cancelled = [&](std::string_view name) {
    datawal_counts counts;
    EXPECT_EQ(datawal_store_reader_export_jsonl_to(open_reader(name).get(), stop, nullptr, nullptr, &counts, nullptr),
              DATAWAL_OK);
    return counts.is_cancelled;
  };
  EXPECT_EQ(is_cancelled("kv"), 1) << "after the first piece";
  EXPECT_EQ(is_cancelled("to"), 0) << "there was nothing to hand over";
  put(to_, "k", "v");
  EXPECT_EQ(is_cancelled("to"), 1) << "in the last piece";
}

TEST_F(CapiTransfer, ImportsFromAFunctionHoweverItCutsTheBytes) {
  std::vector<std::string> pieces;
  ASSERT_EQ(datawal_store_reader_export_jsonl_to(open_reader("kv").get(), collect, &pieces, nullptr, nullptr, nullptr),
            DATAWAL_OK);
  for (const std::size_t at_a_time : {7UL, 1000UL, 10'000'000UL}) {
    Input input{.at_a_time = at_a_time};
    for (const std::string& piece : pieces) input.bytes += piece;
    datawal_counts counts;
    ASSERT_EQ(import(input, &counts), DATAWAL_OK) << last_error();
    EXPECT_EQ(counts.records_written, 2U);
    datawal_buffer value{};
    int found = 0;
    EXPECT_EQ(datawal_store_get(to_.get(), "b", 1, &value, &found, nullptr), DATAWAL_OK);
    EXPECT_EQ(std::string(value.data, value.size), std::string("\0\xff", 2));
    datawal_buffer_free(&value);
  }
}

TEST_F(CapiTransfer, PutsTheLinesBeforeASourceFails) {
  Input input{.bytes = line_, .at_a_time = 1000, .answer_at_end = DATAWAL_SOURCE_FAILED};
  EXPECT_EQ(import(input), DATAWAL_IO);
  EXPECT_THAT(last_error(), HasSubstr("the wire"));
  EXPECT_THAT(last_error(), HasSubstr("the source says that it failed"));
}

TEST_F(CapiTransfer, RefusesASourceThatGivesMoreThanThereIsRoomFor) {
  Input input{.bytes = line_, .at_a_time = 1000, .answer_at_end = DATAWAL_SOURCE_FAILED - 1};
  EXPECT_EQ(import(input), DATAWAL_INVALID_ARGUMENT);
  EXPECT_THAT(last_error(), HasSubstr("more than there is room for"));
}

TEST_F(CapiTransfer, NamesTheFirstBadLine) {
  Input input{.bytes = line_ + "{}\n", .at_a_time = 1000};
  EXPECT_EQ(import(input), DATAWAL_INVALID_ARGUMENT);
  EXPECT_THAT(last_error(), HasSubstr("line 2"));
}

TEST_F(CapiTransfer, OfNothingIsRefused) {
  const datawal_sink sink = collect;
  EXPECT_EQ(datawal_store_reader_export_jsonl_to(nullptr, sink, nullptr, nullptr, nullptr, nullptr),
            DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_reader_export_jsonl_to(open_reader("kv").get(), nullptr, nullptr, nullptr, nullptr, nullptr),
            DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_export_jsonl_to(nullptr, sink, nullptr, nullptr, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_export_jsonl_to(to_.get(), nullptr, nullptr, nullptr, nullptr, nullptr),
            DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_import_jsonl_from(nullptr, give, nullptr, "x", 0, nullptr, nullptr, nullptr),
            DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_import_jsonl_from(to_.get(), nullptr, nullptr, "x", 0, nullptr, nullptr, nullptr),
            DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_import_jsonl_from(to_.get(), give, nullptr, nullptr, 0, nullptr, nullptr, nullptr),
            DATAWAL_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace datawal::test
