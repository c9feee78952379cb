// Follower.

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

static_assert(static_cast<int>(LostRecords::Cause::trimmed) == DATAWAL_LOST_TRIMMED);
static_assert(static_cast<int>(LostRecords::Cause::compacted) == DATAWAL_LOST_COMPACTED);
static_assert(static_cast<int>(LostRecords::Cause::replaced) == DATAWAL_LOST_REPLACED);

datawal_code datawal_follower_open(const char* dir, const datawal_follower_options* options,
                                   datawal_follower** follower, datawal_error* error) {
  if (follower != nullptr) *follower = nullptr;
  return guarded(error, [&] {
    if (dir == nullptr || follower == nullptr) return fail(error, missing("follow log"));
    Result<Follower> opened = Follower::open(dir, from_c(options));
    if (!opened) return fail(error, opened.error());
    *follower = new datawal_follower{std::move(*opened), {}};
    return succeed(error);
  });
}

datawal_code datawal_follower_next(datawal_follower* follower, const datawal_record** record, datawal_error* error) {
  if (record != nullptr) *record = nullptr;
  if (follower == nullptr || record == nullptr) return fail(error, missing("follow log"));
  return returned(
      error, [&] { return follower->follower.next(); },
      [&](const std::optional<RecordView>& next) {
        if (!next) return;
        follower->record = to_c(*next);
        *record = &follower->record;
      });
}

void datawal_follower_lost(const datawal_follower* follower, datawal_lost_records* lost) {
  if (lost == nullptr) return;
  const LostRecords what = follower == nullptr ? LostRecords{} : follower->follower.lost();
  *lost = {.first_txid = what.first_txid,
           .last_txid = what.last_txid,
           .cause = static_cast<datawal_lost_cause>(what.cause),
           .reserved = 0};
}

datawal_code datawal_follower_wait(datawal_follower* follower, uint32_t timeout_ms, int* is_more,
                                   datawal_error* error) {
  if (is_more != nullptr) *is_more = 0;
  if (follower == nullptr) return fail(error, missing("wait for records"));
  return returned(
      error, [&] { return follower->follower.wait(std::chrono::milliseconds(timeout_ms)); },
      [&](bool more) {
        if (is_more != nullptr) *is_more = more ? 1 : 0;
      });
}

int datawal_follower_position(const datawal_follower* follower, datawal_ref* ref) {
  const std::optional<RecordRef> position = follower == nullptr ? std::nullopt : follower->follower.position();
  if (ref != nullptr) *ref = to_c(position.value_or(RecordRef{}));
  return position ? 1 : 0;
}

datawal_code datawal_follower_save(datawal_follower* follower, datawal_error* error) {
  if (follower == nullptr) return fail(error, missing("save position"));
  return done(error, [&] { return follower->follower.save(); });
}

datawal_code datawal_follower_lag(const datawal_follower* follower, datawal_lag* lag, datawal_error* error) {
  if (lag != nullptr) *lag = {};
  if (follower == nullptr || lag == nullptr) return fail(error, missing("measure lag"));
  return returned(
      error, [&] { return follower->follower.lag(); },
      [&](const FollowerLag& is) { *lag = {.txids = is.txids, .records = is.records, .bytes = is.bytes}; });
}

void datawal_follower_free(datawal_follower* follower) { delete follower; }
