#include "ship/commands.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

#include "ship/console.hpp"
#include "ship/metrics.hpp"
#include "ship/rebuild.hpp"
#include "ship/reseed.hpp"
#include "ship/standard.hpp"
#include "ship/status.hpp"
#include "ship/takeover.hpp"

namespace datawal::ship {

namespace {

// Numbers in lines that no program has to guess at.
std::string or_dash(const std::optional<std::uint64_t>& number) { return number ? std::to_string(*number) : "-"; }
std::string or_null(const std::optional<std::uint64_t>& number) { return number ? std::to_string(*number) : "null"; }

const char* owner_of(const Status& status) {
  if (status.epoch == 0) return "nobody yet";
  return status.is_owner ? "this store" : "another store";
}

// Of what somebody waits for: not for ever, and not in silence.
ShipOptions patient(const Arguments& arguments, Console& console) {
  ShipOptions options = arguments.ship;
  options.patience = arguments.stream.patience;
  options.on_trouble = [&console](const std::string& why) { console.trouble(why); };
  return options;
}

Outcome<Shipped> connect_and_ship(Arguments& arguments, MetricsFile* metrics) {
  const Outcome<std::unique_ptr<Stream>> stream = Stream::connect(arguments.stream);
  if (!stream) return pass_on(stream);
  if (metrics == nullptr) return run(**stream, arguments.ship);
  metrics->watch(stream->get());
  const std::unique_ptr<MetricsFile, void (*)(MetricsFile*)> watching(
      metrics, [](MetricsFile* file) { file->watch(nullptr); });  // also when memory runs out: the stream goes first
  return run(**stream, arguments.ship);
}

}  // namespace

Outcome<void> run_command(Arguments& arguments) {
  Console console;
  std::optional<MetricsFile> metrics;
  if (!arguments.metrics_file.empty()) {
    metrics.emplace(arguments.metrics_file, arguments.ship);
    const Outcome<void> written = metrics->write();
    if (!written && written.error().exit == exit_usage) return written;
    if (!written) console.trouble(written.error().text);  // there will be room
  }
  const auto trouble = [&](const std::string& why) {
    console.trouble(why);
    if (metrics) metrics->note_trouble();
  };
  arguments.stream.on_trouble = trouble;
  arguments.ship.on_trouble = trouble;
  arguments.ship.on_look = [&](const Shipped& shipped) {
    if (metrics) metrics->note(shipped);
  };
  arguments.ship.on_unit = [&](const Shipped& shipped) {
    console.shipped(shipped);
    if (metrics) metrics->note(shipped);
  };
  const Outcome<Shipped> shipped = connect_and_ship(arguments, metrics ? &*metrics : nullptr);
  // Asked to end before a server was there: no failure.
  const bool is_left = !shipped && shipped.error().exit == exit_usage && arguments.ship.stop->load();
  if (!shipped && !is_left) return pass_on(shipped);
  const Shipped done = shipped.value_or(Shipped{});
  return print(fmt::format("last_txid: {}\nrecords: {}\nunits: {}\nbytes: {}\nresumed: {}\n", done.last, done.records,
                           done.units, done.bytes, done.resumed));
}

Outcome<void> status_command(const Arguments& arguments) {
  const Outcome<std::unique_ptr<Stream>> stream = Stream::connect(arguments.stream);
  if (!stream) return pass_on(stream);
  const Outcome<Status> found = status_of(**stream, arguments.dir, arguments.stream.name);
  if (!found) return pass_on(found);
  if (arguments.is_json) {
    return print(fmt::format(
        R"({{"schema":"datawal.ship.v1","kind":"status","units":{},"lost_messages":{},"epoch":{},"owner":{},"stream_txid":{},"durable_txid":{},"lag_records":{},"lag_bytes":{},"lag_seconds":{:.3f},"floor":{},"replicas_behind":{}}})"
        "\n",
        found->units, found->lost, found->epoch, found->is_owner, found->stream_last, found->durable_last,
        found->lag_records, found->lag_bytes, found->lag_seconds, or_null(found->floor), found->replicas_behind));
  }
  return print(fmt::format(
      "units: {}\nlost_messages: {}\nepoch: {}\nowner: {}\nstream_txid: {}\ndurable_txid: {}\nlag_records: "
      "{}\nlag_bytes: {}\n"
      "lag_seconds: {:.3f}\nfloor: {}\nreplicas_behind: {}\n",
      found->units, found->lost, found->epoch, owner_of(*found), found->stream_last, found->durable_last,
      found->lag_records, found->lag_bytes, found->lag_seconds, or_dash(found->floor), found->replicas_behind));
}

Outcome<void> verify_command(const Arguments& arguments) {
  const Outcome<std::unique_ptr<Stream>> stream = Stream::connect(arguments.stream);
  if (!stream) return pass_on(stream);
  Console console;
  const Outcome<Verified> found = verify(**stream, arguments.dir, [&](std::uint64_t done, std::uint64_t all) {
    console.progress("verifying", done, all);
  });
  if (!found) return pass_on(found);
  return print(fmt::format(
      "units: {}\nvoid_units: {}\nforeign_messages: {}\nrecords: {}\nlast_txid: {}\ncompared: {}\nnot_shipped: {}\n",
      found->units, found->voids, found->foreign, found->records, found->last, found->compared, found->not_shipped));
}

Outcome<void> rebuild_command(const Arguments& arguments) {
  const Outcome<std::unique_ptr<Stream>> stream = Stream::connect(arguments.stream);
  if (!stream) return pass_on(stream);
  Console console;
  const Outcome<Rebuilt> made = rebuild(**stream, arguments.dir, [&](std::uint64_t done, std::uint64_t all) {
    console.progress("rebuilding", done, all);
  });
  if (!made) return pass_on(made);
  return print(fmt::format("records: {}\nlast_txid: {}\nfloor: {}\nunits: {}\n", made->records, made->last, made->floor,
                           made->units));
}

Outcome<void> takeover_command(const Arguments& arguments) {
  const Outcome<std::unique_ptr<Stream>> stream = Stream::connect(arguments.stream);
  if (!stream) return pass_on(stream);
  Console console;
  const Outcome<std::uint64_t> epoch = take_over(**stream, patient(arguments, console));
  if (!epoch) return pass_on(epoch);
  return print(fmt::format("epoch: {}\n", *epoch));
}

Outcome<void> reseed_command(const Arguments& arguments) {
  const Outcome<std::unique_ptr<Stream>> damaged = Stream::connect(arguments.stream);
  if (!damaged) return pass_on(damaged);
  StreamOptions with = arguments.stream;
  with.name = arguments.into;
  const Outcome<std::unique_ptr<Stream>> fresh = Stream::connect(with);
  if (!fresh) return pass_on(fresh);
  Console console;
  ShipOptions options = patient(arguments, console);
  options.stream = arguments.into;
  const Outcome<Reseeded> made = reseed(**damaged, arguments.stream.name, **fresh, options);
  if (!made) return pass_on(made);
  return print(fmt::format("old_stream: {}, left as it is: {}\nnew_stream: {}\nhistory: {}\nfloor: {}\n",
                           arguments.stream.name, made->damage, arguments.into, made->store, made->floor));
}

}  // namespace datawal::ship
