// What a service has promised to send, sent by a program that may die at any time: docs/RECIPES.md.
#include <iostream>
#include <string_view>

#include <datawal/datawal.hpp>

static void send(std::string_view message) { std::cout << "sent " << message << '\n'; }

static datawal::Result<void> send_new(datawal::Follower& outbox) {
  for (;;) {
    auto next = outbox.next();  // only what is durable: what was sent is never taken back
    if (!next && next.error().code == datawal::Errc::place_lost) {
      const auto [first, last, cause] = outbox.lost();  // trimmed before they were sent: somebody has to know
      std::cerr << "messages " << first << " to " << last << " were not sent\n";
      if (auto saved = outbox.save(); !saved) return saved;  // told once
      continue;
    }
    if (!next) return datawal::propagate(next);
    if (!*next) return {};
    send((*next)->payload);  // at least once: the receiver drops doubles by their number
    if (auto saved = outbox.save(); !saved) return saved;
  }
}

static datawal::Result<void> run() {
  auto promises = datawal::RecordLog::open("outbox");
  if (!promises) return datawal::propagate(promises);
  auto outbox = datawal::Follower::open("outbox", {.cursor_file = "outbox.sent"});  // as another process would
  if (!outbox) return datawal::propagate(outbox);
  for (const std::string_view message : {"hello", "good bye"}) {
    if (auto promised = promises->append(message, {.sync = true}); !promised) return datawal::propagate(promised);
    if (auto sent = send_new(*outbox); !sent) return sent;
  }
  return {};
}

int main() {
  if (auto ran = run(); !ran) {
    std::cerr << ran.error().message() << '\n';
    return 1;
  }
}
