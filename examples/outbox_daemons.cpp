// A service that promises, and a sender in another process that keeps the promises, whichever of them dies: docs/RECIPES.md.
//   outbox_daemons promise DIR < messages     one a line; answers each when it is durable
//   outbox_daemons send DIR CURSOR            until SIGTERM
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include <datawal/datawal.hpp>

static volatile std::sig_atomic_t is_asked_to_end = 0;

static datawal::Result<void> promise(const std::filesystem::path& dir) {
  auto outbox = datawal::RecordLog::open(dir);  // behind the last fork: a handle belongs to its process
  if (!outbox) return datawal::propagate(outbox);
  for (std::string message; std::getline(std::cin, message);) {
    auto promised = outbox->append(message, {.sync = true});
    if (!promised) return datawal::propagate(promised);
    std::cout << "promised " << promised->txid << std::endl;
  }
  return outbox->close();
}

static datawal::Result<void> send(const std::filesystem::path& dir, const std::filesystem::path& cursor) {
  auto outbox = datawal::Follower::open(dir, {.cursor_file = cursor});
  if (!outbox) return datawal::propagate(outbox);
  while (is_asked_to_end == 0) {
    auto next = outbox->next();
    if (!next && next.error().code == datawal::Errc::place_lost) {
      std::cerr << next.error().message() << '\n';  // trimmed before they were sent: somebody has to know
      if (auto saved = outbox->save(); !saved) return saved;
    } else if (!next) {
      return datawal::propagate(next);
    } else if (*next) {
      std::cout << "sent " << (*next)->txid << ' ' << (*next)->payload << std::endl;
      if (auto saved = outbox->save(); !saved) return saved;  // killed before this: sent again, never lost
    } else if (auto woken = outbox->wait(std::chrono::seconds(1)); !woken) {
      return datawal::propagate(woken);
    }
  }
  return {};
}

int main(int argc, char** argv) {
  std::signal(SIGTERM, [](int) { is_asked_to_end = 1; });
  const std::string_view command = argc > 1 ? argv[1] : "";
  datawal::Result<void> done;
  if (command == "promise" && argc == 3) {
    done = promise(argv[2]);
  } else if (command == "send" && argc == 4) {
    done = send(argv[2], argv[3]);
  } else {
    return 1;
  }
  if (!done) {
    std::cerr << done.error().message() << '\n';
    return 1;
  }
}
