// A survey from C.

#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include <gmock/gmock.h>

#include "capi/capi_support.hpp"

namespace datawal::test {
namespace {

using testing::ElementsAre;

struct Told {
  std::vector<datawal_surveyed_segment> segments;
  std::vector<std::pair<std::string, datawal_record_state>> records;
  std::vector<std::string> superseded;
  std::vector<datawal_stretch> stretches;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> missing;
  std::size_t most = 100;  // records
};

Told& told(void* context) { return *static_cast<Told*>(context); }

class CapiSurvey : public CapiTest {
 protected:
  datawal_code survey(const char* name, const datawal_survey_options* options = nullptr) {
    datawal_survey_visitor visitor;
    datawal_survey_visitor_init(&visitor);
    visitor.context = &told_;
    visitor.on_segment = [](void* context, const datawal_surveyed_segment* segment) {
      told(context).segments.push_back(*segment);
    };
    visitor.on_record = [](void* context, const datawal_record* record, datawal_record_state state) {
      told(context).records.emplace_back(std::string(record->key, record->key_len), state);
      return told(context).records.size() < told(context).most ? 1 : 0;
    };
    visitor.on_superseded = [](void* context, const datawal_superseded_record* old) {
      EXPECT_LT(std::pair(old->segment, old->offset), std::pair(old->by_segment, old->by_offset));
      told(context).superseded.emplace_back(old->key, old->key_len);
    };
    visitor.on_stretch = [](void* context, const datawal_stretch* stretch) {
      told(context).stretches.push_back(*stretch);
    };
    visitor.on_missing = [](void* context, std::uint32_t first, std::uint32_t last) {
      told(context).missing.emplace_back(first, last);
    };
    return datawal_survey(in_dir(name).c_str(), &visitor, options, &report_, nullptr);
  }
  void make_store() {
    const CStore store = open_store("kv");
    put(store, "a", "1");
    put(store, "b", "2");
    put(store, "a", "3");
    ASSERT_EQ(datawal_store_erase(store.get(), "b", 1, DATAWAL_SYNC, nullptr), DATAWAL_OK);
  }

  Told told_;
  datawal_survey_report report_{};
};

TEST_F(CapiSurvey, TellsEachRecordWithItsState) {
  make_store();
  ASSERT_EQ(survey("kv"), DATAWAL_OK) << last_error();
  EXPECT_THAT(told_.records, ElementsAre(std::pair("a", DATAWAL_STATE_LIVE), std::pair("b", DATAWAL_STATE_LIVE),
                                         std::pair("a", DATAWAL_STATE_LIVE), std::pair("b", DATAWAL_STATE_TOMBSTONE)));
  EXPECT_THAT(told_.superseded, ElementsAre("a", "b"));
  ASSERT_EQ(told_.segments.size(), 1U);
  EXPECT_EQ(told_.segments[0].is_active, 1);
  EXPECT_TRUE(told_.stretches.empty());
  EXPECT_EQ(report_.is_complete, 1);
  EXPECT_EQ(report_.knows_keys, 1);
  EXPECT_EQ(report_.verify.is_clean, 1);
  EXPECT_EQ(report_.verify.frames_checked, 4U);
  EXPECT_EQ(report_.stats.live_keys, 1U);
}

TEST_F(CapiSurvey, LeavesKeysAloneIfAsked) {
  make_store();
  datawal_survey_options options;
  datawal_survey_options_init(&options);
  options.skips_keys = 1;
  ASSERT_EQ(survey("kv", &options), DATAWAL_OK) << last_error();
  EXPECT_EQ(told_.records.front().second, DATAWAL_STATE_PUT);
  EXPECT_TRUE(told_.superseded.empty());
  EXPECT_EQ(report_.knows_keys, 0);
}

TEST_F(CapiSurvey, IsEndedByItsVisitor) {
  make_store();
  told_.most = 2;
  ASSERT_EQ(survey("kv"), DATAWAL_OK) << last_error();
  EXPECT_EQ(told_.records.size(), 2U);
  EXPECT_EQ(report_.is_complete, 0);
}

TEST_F(CapiSurvey, CountsWhatWasToldBeforeItsVisitorEndedIt) {
  make_store();
  for (std::size_t most = 1; most <= 4; ++most) {
    told_ = {};
    told_.most = most;
    ASSERT_EQ(survey("kv"), DATAWAL_OK) << last_error();
    EXPECT_EQ(told_.records.size(), most);
    EXPECT_EQ(report_.stats.put_records + report_.stats.delete_records, most);
    EXPECT_TRUE(told_.superseded.empty()) << "it was told more after it had ended it";
    EXPECT_EQ(report_.is_complete, 0) << most;
  }
}

TEST_F(CapiSurvey, LetsItsVisitorCallTheLibrary) {
  make_store();
  struct Caller {
    std::string dir;
    std::uint64_t frames = 0;
  } caller{.dir = in_dir("kv")};
  datawal_survey_visitor visitor;
  datawal_survey_visitor_init(&visitor);
  visitor.context = &caller;
  visitor.on_record = [](void* context, const datawal_record*, datawal_record_state) {
    auto& here = *static_cast<Caller*>(context);
    datawal_survey_visitor silent;
    datawal_survey_visitor_init(&silent);
    datawal_survey_report inner{};
    EXPECT_EQ(datawal_survey(here.dir.c_str(), &silent, nullptr, &inner, nullptr), DATAWAL_OK) << last_error();
    here.frames += inner.verify.frames_checked;
    EXPECT_EQ(datawal_survey("/nowhere", &silent, nullptr, nullptr, nullptr), DATAWAL_NOT_FOUND);
    return 1;
  };
  datawal_error error{};
  EXPECT_EQ(datawal_survey(caller.dir.c_str(), &visitor, nullptr, nullptr, &error), DATAWAL_OK);
  EXPECT_EQ(caller.frames, 16U);
}

TEST_F(CapiSurvey, RefusesOptionsThatItDoesNotKnow) {
  make_store();
  static const struct {
    const char* name;
    void (*spoil)(datawal_survey_options&);
  } rows[] = {
      {"shorter than ever", [](datawal_survey_options& options) { options.struct_size = sizeof(std::size_t); }},
      {"longer than any", [](datawal_survey_options& options) { options.struct_size = ~std::size_t{0}; }},
      {"no truth", [](datawal_survey_options& options) { options.skips_keys = 2; }},
      {"no read path",
       [](datawal_survey_options& options) {
         constexpr int unknown = 77;
         std::memcpy(&options.read_path, &unknown, sizeof options.read_path);
       }},
  };
  for (const auto& row : rows) {
    datawal_survey_options options;
    datawal_survey_options_init(&options);
    row.spoil(options);
    report_.is_complete = 7;
    EXPECT_EQ(survey("kv", &options), DATAWAL_INVALID_ARGUMENT) << row.name;
    EXPECT_EQ(report_.is_complete, 0) << row.name;
    EXPECT_TRUE(told_.segments.empty()) << row.name;
  }
}

TEST_F(CapiSurvey, TakesOptionsOfANewerHeaderWhoseFieldsAreNotSet) {
  make_store();
  struct {
    datawal_survey_options known;
    std::uint64_t newer;
  } options{};
  datawal_survey_options_init(&options.known);
  options.known.struct_size = sizeof options;
  EXPECT_EQ(survey("kv", &options.known), DATAWAL_OK) << last_error();
  options.newer = 1;
  EXPECT_EQ(survey("kv", &options.known), DATAWAL_INVALID_ARGUMENT);
  options.newer = 0;
  options.known.struct_size = 0;  // as it was at first
  options.known.max_index_bytes = 1;
  EXPECT_EQ(survey("kv", &options.known), DATAWAL_OK) << last_error();
}

TEST_F(CapiSurvey, TellsDamageAndWhatLiesBehindIt) {
  make_store();
  const std::string segment = in_dir("kv") + "/00000001.dwal";
  const auto len = std::filesystem::file_size(segment) / 4;
  std::fstream(segment, std::ios::in | std::ios::out).seekp(static_cast<std::streamoff>(len + 20)).put('!');
  ASSERT_EQ(survey("kv"), DATAWAL_OK) << last_error();
  EXPECT_EQ(report_.verify.is_damaged, 1);
  ASSERT_EQ(told_.stretches.size(), 1U);
  EXPECT_EQ(told_.stretches[0].kind, DATAWAL_STRETCH_DAMAGED);
  EXPECT_STRNE(told_.stretches[0].why, "");
  EXPECT_EQ(told_.records.back().second, DATAWAL_STATE_BEHIND_DAMAGE);
}

TEST_F(CapiSurvey, NeedsAVisitorThatItKnows) {
  make_store();
  EXPECT_EQ(datawal_survey(in_dir("kv").c_str(), nullptr, nullptr, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  datawal_survey_visitor visitor;
  datawal_survey_visitor_init(&visitor);
  EXPECT_EQ(datawal_survey(nullptr, &visitor, nullptr, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_survey(in_dir("kv").c_str(), &visitor, nullptr, nullptr, nullptr), DATAWAL_OK) << last_error();
  visitor.struct_size = 1;
  EXPECT_EQ(datawal_survey(in_dir("kv").c_str(), &visitor, nullptr, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_survey(in_dir("nothing").c_str(), nullptr, nullptr, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace datawal::test
