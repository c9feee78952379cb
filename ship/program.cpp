#include "ship/program.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <memory>
#include <string>

#include <datawal/text.hpp>

#include "ship/arguments.hpp"
#include "ship/claim.hpp"
#include "ship/commands.hpp"
#include "ship/standard.hpp"

namespace datawal::ship {

namespace {

std::atomic<bool> is_asked_to_end{false};

using Shared = std::shared_ptr<Arguments>;

int finish(const Outcome<void>& outcome) {
  if (outcome) return exit_done;
  tell(fmt::format("datawal-ship: {}\n", printable(outcome.error().text)));
  return outcome.error().exit;
}

// What is set only once all is parsed.
void settle(Arguments& arguments) {
  arguments.ship.dir = arguments.dir;
  arguments.ship.stream = arguments.stream.name;
  arguments.ship.hold = std::chrono::seconds(arguments.hold_seconds);
  arguments.ship.stop = &is_asked_to_end;
  arguments.stream.stop = &is_asked_to_end;
}

CLI::Option* add_stream_name(CLI::App& command, const std::string& option, std::string& name, const std::string& text) {
  return command.add_option(option, name, text)->option_text("NAME")->check([](const std::string& given) {
    return is_stream_name(given) ? std::string() : "not 1 to 25 letters, digits, '_' or '-'";
  });
}

template <class Command>
CLI::App& add(CLI::App& program, Run& run, const char* name, const char* purpose, const char* footer,
              const Shared& arguments, const char* directory, Command command) {
  CLI::App& added = *program.add_subcommand(name, purpose);
  added.footer(footer);
  added.add_option("DIR", arguments->dir, directory)->required();
  StreamOptions& stream = arguments->stream;
  added
      .add_option("--server", stream.servers,
                  "Where a server is; once for each\n(nats://127.0.0.1:4222). A user and a password may\nstand in "
                  "front: nats://u:p@host:4222")
      ->option_text("URL")
      ->take_all();
  CLI::Option* creds =
      added.add_option("--creds", stream.creds, "A user's credentials: JWT and seed")->option_text("FILE");
  added.add_option("--nkey", stream.nkey, "A user's seed")->option_text("FILE")->excludes(creds);
  added
      .add_option("--tls-ca", stream.tls_ca,
                  "Who may have signed the servers' certificates;\nwith it TLS, and nothing else")
      ->option_text("FILE");
  CLI::Option* key = added.add_option("--tls-key", stream.tls_key, "The key of --tls-cert")->option_text("FILE");
  added.add_option("--tls-cert", stream.tls_cert, "The certificate to show")->option_text("FILE")->needs(key);
  add_stream_name(added, "--stream", stream.name, "The stream (DATAWAL)");
  added.callback([&run, arguments, command] {
    run = [arguments, command] {
      settle(*arguments);
      return finish(command(*arguments));
    };
  });
  return added;
}

void add_replicas(CLI::App& command, Arguments& arguments) {
  command.add_option("--replicas", arguments.stream.replicas, "Of a stream that is made (3)")
      ->option_text("N")
      ->check(CLI::Range(1, 5));
}

void add_run(CLI::App& program, Run& run) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command = add(program, run, "run", "Ships what is durable, and goes on.",
                          R"(Follows a live store without its lock, until SIGTERM. Makes the stream if there
is none. While no server answers it waits, says why, and shows the lag in
--metrics-file. A single server keeps one replica: --replicas 1.

  resumed  how often it looked again where the stream ends

Examples:
  datawal-ship run ./kv --server nats://a:4222 --server nats://b:4222
  datawal-ship run ./kv --once

Exit status: 0 it was asked to end, or --once; 1 usage, no stream, not let in;
3 damage in the store; 4 store and stream are of two histories; 5 another store
has taken over; 6 the stream is damaged. 4, 5 and 6 are not mended by trying
again.)",
                          arguments, "The store", [](Arguments& with) {
                            with.stream.patience = std::chrono::seconds(with.ship.once ? 30 : 0);
                            with.ship.patience = with.stream.patience;
                            return run_command(with);
                          });
  command.add_flag("--once", arguments->ship.once, "End when all that is durable is shipped");
  command.add_flag("--from-here", arguments->ship.from_here, "Also a store whose beginning is gone");
  command.add_option("--unit", arguments->ship.unit_bytes, "Bytes of a message at most (524288)")
      ->option_text("N")
      ->check(CLI::Range(1024, 64 << 20));
  command.add_option("--hold", arguments->hold_seconds, "How far compaction stays behind (600)")
      ->option_text("SECONDS")
      ->check(CLI::Range(0, 1 << 30));
  command.add_option("--metrics-file", arguments->metrics_file, "Written every 5 seconds, for Prometheus")
      ->option_text("FILE");
  add_replicas(command, *arguments);
}

void add_status(CLI::App& program, Run& run) {
  const auto arguments = std::make_shared<Arguments>();
  add(program, run, "status", "How far the store is shipped.",
      R"(  lost_messages    that the stream had, and has no more: `verify` says what it means
  lag_seconds      since something last came into the stream, if anything lags
  floor            what is above it compaction and retention leave alone
  replicas_behind  servers that are away, or do not have all of the stream

Exit status: 0 done; 1 usage, no stream, not let in; 3 damage in the store;
4 store and stream are of two histories; 6 the stream is damaged.)",
      arguments, "The store", [](const Arguments& with) { return status_command(with); })
      .add_flag("--json", arguments->is_json, "One line of JSON");
}

void add_verify(CLI::App& program, Run& run) {
  add(program, run, "verify", "Compares all of the stream with the store.",
      R"(Reads all of both.

  void_units        stand behind something else than their predecessors
  foreign_messages  are no units of this stream
  compared          records that are in both, and the same
  not_shipped       newer ones of the store

Exit status: 0 the same; 1 usage, no stream, not let in; 3 damage in the store;
4 they differ; 6 the stream is damaged.)",
      std::make_shared<Arguments>(), "The store", [](const Arguments& with) { return verify_command(with); });
}

void add_rebuild(CLI::App& program, Run& run) {
  add(program, run, "rebuild", "Makes a store from the stream.",
      R"(Byte for byte what was shipped. The directory is complete, or it is not there.

  floor  what had gone before the store was shipped, and is not in it: the
         records up to this txid. 0: nothing

Exit status: 0 done; 1 usage, no stream, not let in; 3 the directory cannot be
written; 6 the stream is damaged.)",
      std::make_shared<Arguments>(), "The new store", [](const Arguments& with) { return rebuild_command(with); });
}

void add_takeover(CLI::App& program, Run& run) {
  add(program, run, "takeover", "Lets this store ship from here on, and no other.",
      R"(For a store that was rebuilt from the stream. The one that shipped so far gets
exit status 5. Its writer is not stopped.

Exit status: 0 done; 1 usage, no stream, not let in; 3 damage in the store; 4 the
stream has gone on meanwhile: rebuild again; 5 another one was faster; 6 the
stream is damaged.)",
      std::make_shared<Arguments>(), "A rebuilt store", [](const Arguments& with) { return takeover_command(with); });
}

void add_reseed(CLI::App& program, Run& run) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command = add(program, run, "reseed", "Begins a new stream where one has lost its middle.",
                          R"(What the store still holds becomes a history of its own in the stream of --into,
which must be new. The damaged one is left as it is, and this store ships
nothing into it any more. Then: datawal-ship run DIR --stream NEW

Examples:
  datawal-ship reseed ./kv --stream DATAWAL --into DATAWAL2

Exit status: 0 done; 1 usage, or the stream is whole; 3 damage in the store;
4 another history, or the store's beginning is gone: --from-here; 5 another
store has taken over.)",
                          arguments, "The store", [](const Arguments& with) { return reseed_command(with); });
  add_stream_name(command, "--into", arguments->into, "The new stream")->required();
  command.add_flag("--from-here", arguments->ship.from_here, "Also a store whose beginning is gone");
  add_replicas(command, *arguments);
}

}  // namespace

void define_program(CLI::App& program, Run& run) {
  program.name("datawal-ship");
  program.description("Ships a datawal store into NATS JetStream, exactly once, and rebuilds a store from it.");
  program.require_subcommand(1);
  program.set_version_flag("--version", "datawal-ship " DATAWAL_VERSION, "Print the version");
  program.set_help_flag("-h,--help", "Print this help and exit");
  program.footer(R"(Exit status: 0 done; 1 usage, no server, or it does not let us in; 3 damage in the
store, or the operating system failed; 4 store and stream are of two histories;
5 another store has taken over: never tried again; 6 the stream is damaged.)");
  add_run(program, run);
  add_status(program, run);
  add_verify(program, run);
  add_rebuild(program, run);
  add_takeover(program, run);
  add_reseed(program, run);
}

int run_program(int argc, char** argv) {
  CLI::App program;
  Run run;
  define_program(program, run);
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
  return run();
}

}  // namespace datawal::ship
