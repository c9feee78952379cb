// datawal-ship: a store into NATS JetStream, exactly once, and back.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <string>

#include "ship/claim.hpp"
#include "ship/rebuild.hpp"
#include "ship/shipper.hpp"
#include "ship/status.hpp"
#include "ship/stream.hpp"

namespace datawal::ship {
namespace {

std::atomic<bool> is_asked_to_end{false};

struct Arguments {
  std::string dir;
  StreamOptions stream{.stop = &is_asked_to_end};
  ShipOptions ship{.stop = &is_asked_to_end};
  std::int64_t hold_seconds = 600;
  bool is_json = false;
};

int tell(const Failure& failure) {
  fmt::print(stderr, "datawal-ship: {}\n", failure.text);
  return failure.exit;
}

// One line on a terminal, again and again.
OnProgress bar(const char* what) {
  if (::isatty(STDERR_FILENO) == 0) return {};
  return [what](std::uint64_t done, std::uint64_t all) {
    if (done % 64 == 0 || done == all) fmt::print(stderr, "\r{} {}/{}{}", what, done, all, done == all ? "\n" : "");
  };
}

int run_command(Stream& stream, Arguments& arguments) {
  if (::isatty(STDERR_FILENO) != 0) {
    arguments.ship.on_unit = [](const Shipped& shipped) {
      fmt::print(stderr, "\rtxid {}, {} records, {} units", shipped.last, shipped.records, shipped.units);
    };
  }
  const Outcome<Shipped> shipped = run(stream, arguments.ship);
  if (!shipped) return tell(shipped.error());
  fmt::print("last_txid: {}\nrecords: {}\nunits: {}\nbytes: {}\nresumed: {}\n", shipped->last, shipped->records,
             shipped->units, shipped->bytes, shipped->resumed);
  return exit_done;
}

int status_command(Stream& stream, const Arguments& arguments) {
  const Outcome<Status> found = status_of(stream, arguments.dir, arguments.stream.name);
  if (!found) return tell(found.error());
  const std::string floor = found->floor ? std::to_string(*found->floor)
                                         : std::string(arguments.is_json ? "null" : "-");
  if (arguments.is_json) {
    fmt::print(
        R"({{"schema":"datawal.ship.v1","kind":"status","units":{},"epoch":{},"owner":{},"stream_txid":{},"durable_txid":{},"lag_records":{},"lag_bytes":{},"floor":{}}})"
        "\n",
        found->units, found->epoch, found->is_owner, found->stream_last, found->durable_last, found->lag_records,
        found->lag_bytes, floor);
    return exit_done;
  }
  fmt::print(
      "units: {}\nepoch: {}\nowner: {}\nstream_txid: {}\ndurable_txid: {}\nlag_records: {}\nlag_bytes: {}\nfloor: {}\n",
      found->units, found->epoch, found->is_owner ? "this store" : "another store", found->stream_last,
      found->durable_last, found->lag_records, found->lag_bytes, floor);
  return exit_done;
}

int verify_command(Stream& stream, const Arguments& arguments) {
  const Outcome<Verified> found = verify(stream, arguments.dir, bar("verifying"));
  if (!found) return tell(found.error());
  fmt::print("units: {}\nvoid_units: {}\nrecords: {}\nlast_txid: {}\ncompared: {}\nnot_shipped: {}\n", found->units,
             found->voids, found->records, found->last, found->compared, found->not_shipped);
  return exit_done;
}

int rebuild_command(Stream& stream, const Arguments& arguments) {
  const Outcome<Rebuilt> made = rebuild(stream, arguments.dir, bar("rebuilding"));
  if (!made) return tell(made.error());
  fmt::print("records: {}\nlast_txid: {}\nfloor: {}\nunits: {}\n", made->records, made->last, made->floor, made->units);
  return exit_done;
}

int takeover_command(Stream& stream, const Arguments& arguments) {
  const Outcome<std::uint64_t> epoch = take_over(stream, arguments.ship);
  if (!epoch) return tell(epoch.error());
  fmt::print("epoch: {}\n", *epoch);
  return exit_done;
}

using Command = int (*)(Stream&, Arguments&);

CLI::App* add(CLI::App& program, const char* name, const char* purpose, const std::shared_ptr<Arguments>& arguments,
              const char* directory) {
  CLI::App* command = program.add_subcommand(name, purpose);
  command->add_option("DIR", arguments->dir, directory)->required();
  command->add_option("--server", arguments->stream.servers, "nats://[USER:PASSWORD@]HOST:PORT, again and again")
      ->take_all();
  command->add_option("--tls-ca", arguments->stream.tls_ca, "A file: who may have signed the servers' certificates");
  CLI::Option* key = command->add_option("--tls-key", arguments->stream.tls_key, "A file: the key of --tls-cert");
  command->add_option("--tls-cert", arguments->stream.tls_cert, "A file: the certificate to show")->needs(key);
  command->add_option("--stream", arguments->stream.name, "1 to 25 letters, digits, '_' or '-' (DATAWAL)")
      ->check([](const std::string& text) { return is_stream_name(text) ? std::string() : "no name of a stream"; });
  return command;
}

int connect_and(Command command, Arguments& arguments) {
  arguments.ship.dir = arguments.dir;
  arguments.ship.stream = arguments.stream.name;
  arguments.ship.hold = std::chrono::seconds(arguments.hold_seconds);
  const Outcome<std::unique_ptr<Stream>> stream = Stream::connect(arguments.stream);
  if (!stream) return tell(stream.error());
  return command(**stream, arguments);
}

int main_of(int argc, char** argv) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App program("Ships a datawal store into NATS JetStream, exactly once, and rebuilds a store from it.",
                   "datawal-ship");
  program.require_subcommand(1);
  program.footer(R"(Exit status: 0 done; 1 usage, no server, or it does not let us in; 3 damage in the
store, or the operating system failed; 4 store and stream are of two histories;
5 another store has taken over: never tried again; 6 the stream is damaged.)");
  Command chosen = nullptr;

  CLI::App* ship = add(program, "run", "Ships what is durable, and goes on.", arguments, "The store");
  ship->add_flag("--once", arguments->ship.once, "End when all that is durable is shipped");
  ship->add_flag("--from-here", arguments->ship.from_here, "Also a store whose beginning is gone");
  ship->add_option("--unit", arguments->ship.unit_bytes, "Bytes of a message at most (524288)")
      ->check(CLI::Range(1024, 64 << 20));
  ship->add_option("--hold", arguments->hold_seconds, "Seconds that compaction stays behind (600)")
      ->check(CLI::Range(0, 1 << 30));
  ship->add_option("--replicas", arguments->stream.replicas, "Of a stream that is made (3)")->check(CLI::Range(1, 5));
  ship->callback([&] {
    arguments->stream.patience = std::chrono::seconds(arguments->ship.once ? 30 : 0);
    chosen = [](Stream& stream, Arguments& with) { return run_command(stream, with); };
  });
  CLI::App* status = add(program, "status", "How far the store is shipped.", arguments, "The store");
  status->add_flag("--json", arguments->is_json, "One line of JSON");
  status->callback([&] { chosen = [](Stream& stream, Arguments& with) { return status_command(stream, with); }; });
  add(program, "verify", "Compares all of the stream with the store.", arguments, "The store")->callback([&] {
    chosen = [](Stream& stream, Arguments& with) { return verify_command(stream, with); };
  });
  add(program, "rebuild", "Makes a store from the stream.", arguments, "The new store")->callback([&] {
    chosen = [](Stream& stream, Arguments& with) { return rebuild_command(stream, with); };
  });
  add(program, "takeover", "Lets this store ship from here on, and no other.", arguments, "A rebuilt store")
      ->callback([&] { chosen = [](Stream& stream, Arguments& with) { return takeover_command(stream, with); }; });

  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return program.exit(success);
  } catch (const CLI::ParseError& error) {
    (void)program.exit(error);
    return exit_usage;
  }
  std::signal(SIGTERM, [](int) { is_asked_to_end = true; });
  std::signal(SIGINT, [](int) { is_asked_to_end = true; });
  return connect_and(chosen, *arguments);
}

}  // namespace
}  // namespace datawal::ship

int main(int argc, char** argv) {
  try {
    return datawal::ship::main_of(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "datawal-ship: {}\n", error.what());
    return datawal::ship::exit_local;
  }
}
