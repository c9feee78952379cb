// Scrubbing.

#include <datawal/scrub.hpp>

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

namespace {

// `scrub` scrubs.
template <class Scrub>
datawal_code scrubbed(const datawal_scrub_options* options, datawal_scrub_report* report, datawal_error* error,
                      const Scrub& scrub) {
  return returned(
      error, [&] { return scrub(from_c(options)); },
      [report](const ScrubReport& found) {
        if (report == nullptr) return;
        capi::fill(report->verify, found.log);
        capi::fill(report->index, found.index);
        capi::fill(report->state, found.state);
        const std::optional<Error> damage = found.damage();
        if (damage) capi::fill(report->damage, *damage);
        report->is_clean = damage ? 0 : 1;
        report->is_cancelled = found.is_cancelled ? 1 : 0;
      });
}

}  // namespace

datawal_code datawal_scrub(const char* dir, const datawal_scrub_options* options, datawal_scrub_report* report,
                           datawal_error* error) {
  if (report != nullptr) *report = {};
  if (dir == nullptr) return fail(error, missing("scrub store"));
  return scrubbed(options, report, error, [dir](const ScrubOptions& how) { return scrub(dir, how); });
}

datawal_code datawal_store_scrub(const datawal_store* store, const datawal_scrub_options* options,
                                 datawal_scrub_report* report, datawal_error* error) {
  if (report != nullptr) *report = {};
  if (store == nullptr) return fail(error, missing("scrub store"));
  return scrubbed(options, report, error, [store](const ScrubOptions& how) { return store->store.scrub(how); });
}

datawal_code datawal_store_scrub_stats(const datawal_store* store, datawal_scrub_stats* stats, datawal_error* error) {
  if (stats != nullptr) *stats = {};
  if (store == nullptr || stats == nullptr) return fail(error, missing("count records"));
  return guarded(error, [&] {
    const ScrubStats found = store->store.stats().scrub;
    stats->runs = found.runs;
    stats->failures = found.failures;
    stats->is_enabled = found.is_enabled ? 1 : 0;
    stats->is_failing = found.is_failing ? 1 : 0;
    if (found.last_error) capi::fill(stats->last_error, *found.last_error);
    return succeed(error);
  });
}
