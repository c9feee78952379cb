// A survey.

#include <datawal/survey.hpp>

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

static_assert(static_cast<int>(RecordState::behind_damage) == DATAWAL_STATE_BEHIND_DAMAGE);
static_assert(static_cast<int>(StretchKind::unfinished) == DATAWAL_STRETCH_UNFINISHED);

namespace {

SurveyVisitor telling(const datawal_survey_visitor& visitor) {
  SurveyVisitor told;
  if (visitor.on_segment != nullptr) {
    told.on_segment = [&visitor](const SurveyedSegment& segment) {
      const datawal_surveyed_segment shown{
          .bytes = segment.bytes, .id = segment.id, .is_active = segment.is_active ? 1 : 0};
      visitor.on_segment(visitor.context, &shown);
    };
  }
  if (visitor.on_record != nullptr) {
    told.on_record = [&visitor](const SurveyedRecord& seen) {
      const datawal_record shown = capi::to_c(seen.record);
      return visitor.on_record(visitor.context, &shown, static_cast<datawal_record_state>(seen.state)) != 0;
    };
  }
  if (visitor.on_superseded != nullptr) {
    told.on_superseded = [&visitor](const SupersededRecord& old) {
      const datawal_superseded_record shown{.offset = old.offset,
                                            .by_offset = old.by_offset,
                                            .key = old.key.data(),
                                            .key_len = old.key.size(),
                                            .segment = old.segment,
                                            .by_segment = old.by_segment,
                                            .len = old.len};
      visitor.on_superseded(visitor.context, &shown);
    };
  }
  if (visitor.on_stretch != nullptr) {
    told.on_stretch = [&visitor](const Stretch& stretch) {
      const bool is_known = stretch.stop != format::Stop::none;
      const datawal_stretch shown{.begin = stretch.begin,
                                  .end = stretch.end,
                                  .why = is_known ? format::describe(stretch.stop).data() : "",  // views a literal
                                  .kind = static_cast<datawal_stretch_kind>(stretch.kind),
                                  .segment = stretch.segment};
      visitor.on_stretch(visitor.context, &shown);
    };
  }
  if (visitor.on_missing != nullptr) {
    told.on_missing = [&visitor](const MissingSegments& ids) {
      visitor.on_missing(visitor.context, ids.first, ids.last);
    };
  }
  return told;
}

}  // namespace

datawal_code datawal_survey(const char* dir, const datawal_survey_visitor* visitor,
                            const datawal_survey_options* options, datawal_survey_report* report,
                            datawal_error* error) {
  if (report != nullptr) *report = {};
  if (dir == nullptr || visitor == nullptr) return fail(error, missing("survey store"));
  datawal_survey_visitor called{};
  return returned(
      error,
      [&] {
        called = from_c(visitor);
        return survey(dir, telling(called), from_c(options));
      },
      [&](const SurveyReport& found) {
        if (report == nullptr) return;
        capi::fill(report->verify, found.verify);
        report->stats = capi::to_c(found.stats);
        report->is_complete = found.is_complete ? 1 : 0;
        report->knows_keys = found.knows_keys ? 1 : 0;
      });
}
