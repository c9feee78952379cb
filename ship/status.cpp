#include "ship/status.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include <datawal/follower.hpp>
#include <datawal/record_log_reader.hpp>

#include "ship/claim.hpp"
#include "ship/same.hpp"
#include "ship/walk.hpp"

namespace datawal::ship {

Outcome<Status> status_of(Stream& stream, const std::filesystem::path& dir, const std::string& name) {
  const Outcome<Stream::End> all = stream.end();
  if (!all) return pass_on(all);
  const Outcome<StreamEnd> end = find_end(stream);
  if (!end) return pass_on(end);
  const Result<RecordLogReader> reader = RecordLogReader::open(dir, {.only_durable = true});
  if (!reader) return fail(reader.error());
  const Result<DurableEnd> durable = reader->durable_end();
  if (!durable) return fail(durable.error());
  Status status{.units = all->messages,
                .lost = end->missing,
                .durable_last = durable->txid,
                .replicas_behind = all->replicas_behind};
  const Outcome<std::vector<Claim>> claims = claims_of(dir, name);
  if (!claims) return pass_on(claims);
  FollowerOptions options;
  if (end->head) {
    status.epoch = end->head->epoch;
    status.stream_last = end->head->last;
    for (const Claim& claim : *claims) {
      const bool is_owner = claim.store == end->head->store && claim.owner == end->head->owner;
      if (is_owner) status.floor = claim.txid;
      status.is_owner = status.is_owner || is_owner;
    }
    const Outcome<std::optional<RecordRef>> same = compare_end(stream, dir, *end);
    if (!same) return pass_on(same);
    options.after = *same;
  }
  const Result<Follower> follower = Follower::open(dir, options);
  if (!follower) return fail(follower.error());
  const Result<FollowerLag> lag = follower->lag();
  if (!lag) return fail(lag.error());
  status.lag_records = lag->records;
  status.lag_bytes = lag->bytes;
  if (lag->records != 0 && all->messages != 0) {
    status.lag_seconds = std::max(
        0.0, std::chrono::duration<double>(std::chrono::system_clock::now() - all->newest).count());
  }
  return status;
}

}  // namespace datawal::ship
