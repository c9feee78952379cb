// What a service has promised to send, sent by a program that may die at any time: docs/RECIPES.md.
#include <iostream>
#include <string>
#include <string_view>

#include <datawal/datawal.hpp>

static void send(std::string_view message) { std::cout << "sent " << message << '\n'; }

static datawal::Result<void> send_new(const datawal::RecordLogReader& outbox, datawal::DataWal& progress) {
  auto last = progress.get("last sent");
  if (!last) return datawal::propagate(last);
  const auto sent = datawal::parse_record_ref(last->value_or(""));
  auto cursor = sent ? outbox.records_after(*sent) : outbox.records();
  auto next = cursor.next();
  for (; next && *next; next = cursor.next()) {
    send((*next)->payload);  // at least once: the receiver drops doubles by their number
    if (auto noted = progress.put("last sent", datawal::to_string((*next)->ref), {.sync = true}); !noted) return noted;
  }
  if (!next) return datawal::propagate(next);
  return {};
}

static datawal::Result<void> run() {
  auto outbox = datawal::RecordLog::open("outbox");
  if (!outbox) return datawal::propagate(outbox);
  auto progress = datawal::DataWal::open("progress");
  if (!progress) return datawal::propagate(progress);
  auto reader = datawal::RecordLogReader::open("outbox");  // as another process would
  if (!reader) return datawal::propagate(reader);
  for (const std::string_view message : {"hello", "good bye"}) {
    if (auto promised = outbox->append(message, {.sync = true}); !promised) return datawal::propagate(promised);
    if (auto grown = reader->refresh(); !grown) return datawal::propagate(grown);
    if (auto sent = send_new(*reader, *progress); !sent) return sent;
  }
  return {};
}

int main() {
  if (auto ran = run(); !ran) {
    std::cerr << ran.error().message() << '\n';
    return 1;
  }
}
