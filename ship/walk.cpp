#include "ship/walk.hpp"

#include <fmt/format.h>

#include <utility>

namespace datawal::ship {

namespace {

// The newest message at or below `sequence`.
Outcome<std::optional<Message>> last_at(Stream& stream, std::uint64_t first, std::uint64_t sequence) {
  for (; sequence >= first && sequence > 0; --sequence) {
    Outcome<std::optional<Message>> found = stream.get(sequence);
    if (!found || *found) return found;
  }
  return std::optional<Message>();
}

}  // namespace

Outcome<StreamEnd> find_end(Stream& stream) {
  const Outcome<Stream::End> end = stream.end();
  if (!end) return pass_on(end);
  Outcome<std::optional<Message>> last = last_at(stream, end->first, end->last);
  if (!last) return pass_on(last);
  if (!*last) return StreamEnd{.sequence = end->last};
  const Message& message = **last;
  bool is_sound = chain_of(message.unit, message.body) == message.unit.chain;
  if (is_sound && message.unit.kind != UnitKind::genesis) {
    const Outcome<std::optional<Message>> before = last_at(stream, end->first, message.sequence - 1);
    if (!before) return pass_on(before);
    is_sound = *before && (*before)->unit.chain == message.unit.before;
  }
  if (is_sound) return StreamEnd{.head = head_of(message.unit), .sequence = end->last};
  History history;
  if (const Outcome<Walked> walked = read_all(stream, history); !walked) return pass_on(walked);
  return StreamEnd{.head = history.head(), .sequence = end->last};
}

Outcome<Walked> read_all(Stream& stream, History& history,
                         const std::function<void(std::uint64_t, std::uint64_t)>& on_progress) {
  const Outcome<Stream::End> end = stream.end();
  if (!end) return pass_on(end);
  Walked walked;
  std::uint64_t missing = 0;
  std::uint64_t voids_since_missing = 0;
  for (std::uint64_t sequence = 1; sequence <= end->last; ++sequence) {
    const Outcome<std::optional<Message>> message = sequence < end->first ? std::optional<Message>()
                                                                          : stream.get(sequence);
    if (!message) return pass_on(message);
    if (!*message) {
      missing = missing == 0 ? sequence : missing;
      continue;
    }
    const Outcome<bool> taken = history.take((*message)->unit, (*message)->body);
    if (!taken) return pass_on(taken);
    ++(*taken ? walked.units : walked.voids);
    if (!*taken && missing != 0) ++voids_since_missing;
    if (on_progress) on_progress(sequence, end->last);
  }
  if (voids_since_missing != 0) {
    return fail(
        exit_stream_damaged,
        fmt::format(
            "the stream has lost its message {}, and {} units behind it stand in the air: what a log still holds "
            "must be shipped into a new stream",
            missing, voids_since_missing));
  }
  return walked;
}

}  // namespace datawal::ship
