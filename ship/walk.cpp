#include "ship/walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <future>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace datawal::ship {

namespace {

Outcome<void> refuse_newer(const std::optional<Message>& message) {
  if (!message || !message->is_newer) return {};
  return fail(
      exit_usage,
      fmt::format("the stream's message {} is a unit of a later version: use the datawal-ship that has shipped it, "
                  "or a newer one",
                  message->sequence));
}

// Where none is missing, one that is not given is no loss: a unit in its place would break the chain, once it is given again.
Outcome<void> refuse_contradiction(const Stream::End& end, std::uint64_t sequence) {
  const std::uint64_t first = std::max<std::uint64_t>(end.first, 1);
  const bool is_whole = end.last >= first && end.messages == end.last - first + 1;
  if (!is_whole) return {};
  return fail(
      exit_usage,
      fmt::format("the stream says that it has all of its messages, and does not give number {}: try again", sequence));
}

// The newest unit at or below `sequence`.
Outcome<std::optional<Message>> last_at(Stream& stream, const Stream::End& end, std::uint64_t sequence) {
  for (; sequence >= end.first && sequence > 0; --sequence) {
    if (stream.is_asked_to_end()) return fail(exit_usage, "asked to end before the end of the stream was found");
    Outcome<std::optional<Message>> found = stream.get(sequence);
    if (!found || (*found && (*found)->unit)) return found;
    if (!*found) {
      if (Outcome<void> lost = refuse_contradiction(end, sequence); !lost) return pass_on(lost);
    }
    if (Outcome<void> known = refuse_newer(*found); !known) return pass_on(known);
  }
  return std::optional<Message>();
}

StreamEnd end_at(const Stream::End& end) {
  return {.sequence = end.last, .missing = end.last - std::min(end.last, end.messages)};
}

// Since the last unit that stands behind all others: what may be the reason that those behind it do not.
struct Gap {
  std::uint64_t at = 0;      // the first message that is gone or no unit; 0: none
  std::uint64_t behind = 0;  // units that stand behind something that is gone
  std::string why{};         // of a unit that is in its place, and is damaged

  void note(std::uint64_t sequence) { at = at == 0 ? sequence : at; }
};

// Chains that were seen, by their first 64 bits.
class Chains {
 public:
  void add(const std::string& chain) { seen_.push_back(start_of(chain)); }
  [[nodiscard]] bool has(const std::string& chain) const {
    return chain == no_chain() || std::ranges::find(seen_, start_of(chain)) != seen_.end();
  }

 private:
  static std::uint64_t start_of(std::string_view chain) {
    constexpr std::size_t digits = 16;
    std::uint64_t start = 0;
    (void)std::from_chars(chain.data(), chain.data() + digits, start, digits);
    return start;
  }

  std::vector<std::uint64_t> seen_;
};

// Whether a void unit stands behind something that is gone. One that came late, or again, stands behind what is there; and what one sends
// ahead that was taken over meanwhile is of an epoch that is over.
bool is_behind_a_loss(const Message& message, const Chains& chains, const std::optional<Head>& head) {
  const Unit& unit = *message.unit;
  const bool is_over = head && unit.epoch < head->epoch;
  return !is_over && !chains.has(unit.before) && chain_of(unit, message.body) == unit.chain;
}

// All messages from `first` on. Where they are long, the next one is on its way while one is looked at; for short ones a thread costs
// more than it brings.
class Ahead {
 public:
  Ahead(Stream& stream, std::uint64_t first, std::uint64_t last) : stream_(stream), last_(last), sequence_(first) {
    ask();
  }

  Outcome<std::optional<Message>> next() {
    Outcome<std::optional<Message>> found = asked_.get();
    ++sequence_;
    constexpr std::size_t is_worth_a_thread = 32 << 10;
    is_long_ = found && *found && (*found)->body.size() >= is_worth_a_thread;
    ask();
    return found;
  }

 private:
  void ask() {
    if (sequence_ > last_) return;
    const auto how = is_long_ ? std::launch::async : std::launch::deferred;
    asked_ = std::async(how, [this, sequence = sequence_] { return stream_.get(sequence); });
  }

  Stream& stream_;
  const std::uint64_t last_;
  std::uint64_t sequence_;
  bool is_long_ = false;
  std::future<Outcome<std::optional<Message>>> asked_;  // ends before what it uses
};

Failure damage_of(const Gap& gap) {
  std::string what = "a unit of the stream is gone, or was exchanged";
  if (!gap.why.empty()) {
    what = fmt::format("the stream's message {} is damaged ({})", gap.at, gap.why);
  } else if (gap.at != 0) {
    what = fmt::format("the stream has lost its message {}", gap.at);
  }
  if (gap.behind == 0) {
    return {.exit = exit_stream_damaged,
            .text = what +
                    ", and nothing is behind it: `datawal-ship run` ships it again from the store that has shipped it"};
  }
  return {
      .exit = exit_stream_damaged,
      .text = fmt::format("{}, and {} units behind it stand in the air: `datawal-ship reseed` ships what a log still "
                          "holds into a new stream",
                          what, gap.behind)};
}

}  // namespace

Outcome<StreamEnd> find_end(Stream& stream) {
  const Outcome<Stream::End> end = stream.end();
  if (!end) return pass_on(end);
  StreamEnd found = end_at(*end);
  Outcome<std::optional<Message>> last = last_at(stream, *end, end->last);
  if (!last) return pass_on(last);
  if (!*last) return found;
  const Message& message = **last;
  const Outcome<std::optional<Message>> before = last_at(stream, *end, message.sequence - 1);
  if (!before) return pass_on(before);
  History history = *before ? History(head_of(*(*before)->unit)) : History();
  const Outcome<bool> is_sound = history.look_at(*message.unit, message.body);
  if (!is_sound || !*is_sound) return find_end_by_all(stream);
  found.head = head_of(*message.unit);
  found.at = message.sequence;
  found.stored = message.stored;
  return found;
}

Outcome<std::optional<Unit>> newest_unit(Stream& stream) {
  const Outcome<Stream::End> end = stream.end();
  if (!end) return pass_on(end);
  Outcome<std::optional<Message>> last = last_at(stream, *end, end->last);
  if (!last) return pass_on(last);
  return *last ? std::move((*last)->unit) : std::nullopt;
}

Outcome<StreamEnd> find_end_by_all(Stream& stream) {
  const Outcome<Stream::End> end = stream.end();
  if (!end) return pass_on(end);
  StreamEnd found = end_at(*end);
  History history;
  const Outcome<Walked> walked = read_all(stream, history, BrokenEnd::ignored);
  if (!walked) return pass_on(walked);
  found.head = history.head();
  found.at = walked->at;
  found.stored = walked->stored;
  return found;
}

Outcome<Walked> read_all(Stream& stream, History& history, BrokenEnd broken,
                         const std::function<void(std::uint64_t, std::uint64_t)>& on_progress) {
  const Outcome<Stream::End> end = stream.end();
  if (!end) return pass_on(end);
  Walked walked;
  std::uint64_t given = 0;
  Gap gap;
  Chains chains;
  const std::uint64_t first = std::max<std::uint64_t>(end->first, 1);
  if (first > 1) gap.note(1);
  Ahead ahead(stream, first, end->last);
  for (std::uint64_t sequence = first; sequence <= end->last; ++sequence) {
    if (stream.is_asked_to_end()) return fail(exit_usage, "asked to end before all of the stream was read");
    const Outcome<std::optional<Message>> message = ahead.next();
    if (!message) return pass_on(message);
    if (Outcome<void> known = refuse_newer(*message); !known) return pass_on(known);
    if (on_progress) on_progress(sequence, end->last);
    if (*message) {
      ++given;
    } else if (Outcome<void> lost = refuse_contradiction(*end, sequence); !lost) {
      return pass_on(lost);
    }
    if (!*message || !(*message)->unit) {
      if (*message) ++walked.foreign;
      gap.note(sequence);
      continue;
    }
    const Outcome<bool> taken = history.take(*(*message)->unit, (*message)->body);
    if (!taken && taken.error().exit != exit_stream_damaged) return pass_on(taken);
    if (!taken) {
      ++walked.foreign;
      gap.note(sequence);
      if (gap.why.empty()) gap.why = taken.error().text;
    } else if (*taken) {
      ++walked.units;
      walked.at = sequence;
      walked.stored = (*message)->stored;
      gap = {};  // the chain goes on behind it: nothing of it is lost
      chains.add((*message)->unit->chain);
    } else {
      ++walked.voids;
      if (is_behind_a_loss(**message, chains, history.head())) ++gap.behind;
    }
  }
  if (given < end->messages) {
    return fail(
        exit_stream_damaged,
        fmt::format("the stream counts {} messages, and gives {} of them: the disks of the servers are damaged. "
                    "`datawal-ship reseed` ships what a log still holds into a new stream",
                    end->messages, given));
  }
  const bool is_broken = !gap.why.empty() && broken == BrokenEnd::refused;
  if (gap.behind != 0 || is_broken) return std::unexpected(damage_of(gap));
  return walked;
}

}  // namespace datawal::ship
