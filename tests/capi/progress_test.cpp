// Calls that take long tell how far they have come.

#include <functional>
#include <vector>

#include <gmock/gmock.h>

#include "capi/capi_support.hpp"
#include "support/files.hpp"

namespace datawal::test {
namespace {

using testing::HasSubstr;

class CapiProgress : public CapiTest {
 protected:
  CapiProgress() {
    const CStore store = open_store("kv");
    put(store, "a", std::string(1000, 'v'));
    put(store, "b", "2");
  }

  static void note(void* context, std::uint64_t bytes_done, std::uint64_t bytes_total) {
    EXPECT_LE(bytes_done, bytes_total);
    auto* const told = static_cast<std::vector<std::uint64_t>*>(context);
    EXPECT_GE(bytes_done, told->empty() ? 0 : told->back());
    told->push_back(bytes_done);
  }

  // What a call with these options told.
  template <class Options>
  void expect_told(const char* what, const std::function<datawal_code(const Options&)>& call) {
    std::vector<std::uint64_t> told;
    Options options{};
    options.struct_size = sizeof options;
    options.on_progress = note;
    options.progress_context = &told;
    EXPECT_EQ(call(options), DATAWAL_OK) << what << ": " << last_error();
    EXPECT_GT(told.empty() ? 0 : told.back(), 0U) << what;
    options.struct_size = 1;
    EXPECT_EQ(call(options), DATAWAL_INVALID_ARGUMENT) << what;
    EXPECT_THAT(last_error(), HasSubstr("struct_size")) << what;
  }
};

TEST_F(CapiProgress, IsToldByEveryCallThatTakesOptions) {
  using Work = datawal_work_options;
  using Open = datawal_open_options;
  expect_told<Work>("verify", [&](const Work& options) {
    return datawal_verify_with(in_dir("kv").c_str(), nullptr, nullptr, &options, nullptr, nullptr);
  });
  const CStore store = open_store("kv");
  const CStoreReader reader = open_reader("kv");
  expect_told<Work>("export", [&](const Work& options) {
    return datawal_store_export_jsonl_with(store.get(), in_dir("lines").c_str(), &options, nullptr, nullptr);
  });
  expect_told<Work>("export by a reader", [&](const Work& options) {
    return datawal_store_reader_export_jsonl_with(reader.get(), in_dir("lines").c_str(), &options, nullptr, nullptr);
  });
  const datawal_sink ignore = [](void*, const char*, size_t) { return 1; };
  expect_told<Work>("export to a sink by a reader", [&](const Work& options) {
    return datawal_store_reader_export_jsonl_to(reader.get(), ignore, nullptr, &options, nullptr, nullptr);
  });
  expect_told<Work>("import", [&](const Work& options) {
    return datawal_store_import_jsonl_with(store.get(), in_dir("lines").c_str(), 0, &options, nullptr, nullptr);
  });
  expect_told<Work>("compact to", [&](const Work& options) {
    return datawal_store_compact_to_with(store.get(), in_dir("to").c_str(), DATAWAL_RAW_REFUSE, &options, nullptr,
                                         nullptr);
  });
  expect_told<Work>("compact to by a reader", [&](const Work& options) {
    return datawal_store_reader_compact_to_with(reader.get(), in_dir("to too").c_str(), DATAWAL_RAW_REFUSE, &options,
                                                nullptr, nullptr);
  });
  expect_told<Open>("salvage", [&](const Open& options) {
    return datawal_salvage_with(in_dir("kv").c_str(), in_dir("saved").c_str(), &options, nullptr, nullptr);
  });
  expect_told<Open>("repair", [&](const Open& options) {
    return datawal_repair_with(in_dir("saved").c_str(), &options, nullptr, nullptr);
  });
}

TEST_F(CapiProgress, VerifyShowsDamageToo) {
  std::string bytes = read_file(in_dir("kv/00000001.dwal"));
  bytes[100] = static_cast<char>(~bytes[100]);
  write_file(in_dir("kv/00000001.dwal"), bytes);
  int ranges = 0;
  datawal_verify_report report{};
  const datawal_damage_visitor count = [](void* context, const datawal_damaged_range* range) {
    EXPECT_EQ(range->begin, 0U);
    return ++*static_cast<int*>(context);
  };
  EXPECT_EQ(datawal_verify_with(in_dir("kv").c_str(), count, &ranges, nullptr, &report, nullptr), DATAWAL_OK);
  EXPECT_EQ(ranges, 1);
  EXPECT_EQ(report.is_damaged, 1);
}

TEST_F(CapiProgress, SalvageMakesItsStoreAsItIsTold) {
  datawal_open_options options{};
  options.max_segment_bytes = 100;
  EXPECT_EQ(datawal_salvage_with(in_dir("kv").c_str(), in_dir("saved").c_str(), &options, nullptr, nullptr),
            DATAWAL_OK);
  EXPECT_TRUE(std::filesystem::exists(in_dir("saved/00000002.dwal")));
}

}  // namespace
}  // namespace datawal::test
