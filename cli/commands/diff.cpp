// `datawal diff`: in what two stores differ.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <datawal/data_wal_reader.hpp>

#include "cli/commands/commands.hpp"
#include "cli/human.hpp"
#include "cli/reading.hpp"
#include "cli/report_fields.hpp"
#include "cli/store.hpp"

namespace datawal::cli {
namespace {

struct DiffArguments {
  std::filesystem::path first;
  std::filesystem::path second;
  bool compares_records = false;
  bool is_quiet = false;
};

struct Differences {
  std::uint64_t only_in_first = 0;
  std::uint64_t only_in_second = 0;
  std::uint64_t different = 0;
  std::uint64_t equal = 0;

  [[nodiscard]] bool differ() const noexcept { return only_in_first + only_in_second + different != 0; }
};

// One of the two, as far as it was walked: keys of a store or records of a log, either ascending.
template <class Cursor, class Item>
struct Side {
  Cursor cursor;
  const std::filesystem::path& dir;
  bool (*is_wanted)(const Item&) = [](const Item&) { return true; };
  std::optional<Item> item{};

  // False after reporting why it cannot go on.
  bool advance(Console& console, int& status) {
    for (;;) {
      const Result<std::optional<Item>> next = cursor.next();
      if (!next) {
        status = console.fail(next.error(), dir);
        return false;
      }
      item = *next;
      if (!item || is_wanted(*item)) return true;
    }
  }
};

class Comparison {
 public:
  Comparison(Console& console, const DiffArguments& arguments) : console_(console), arguments_(arguments) {}

  // Walks both at once. `order(a, b)` compares what both are sorted by, `are_equal(a, b)` the rest, `tell(line, item)` names one.
  // Returns the exit status of what kept it from going on, else exit_done.
  template <class SideOf, class Order, class Equal, class Tell>
  int run(SideOf& first, SideOf& second, const Order& order, const Equal& are_equal, const Tell& tell) {
    int status = exit_done;
    if (!first.advance(console_, status) || !second.advance(console_, status)) return status;
    while ((first.item || second.item) && !console_.out().has_failed()) {
      const auto is_before = [&] {
        if (!first.item || !second.item) return first.item ? -1 : 1;
        return order(*first.item, *second.item);
      };
      const int before = is_before();
      if (before < 0) {
        ++counts_.only_in_first;
        print("only_in_first", '<', *first.item, tell);
      } else if (before > 0) {
        ++counts_.only_in_second;
        print("only_in_second", '>', *second.item, tell);
      } else if (!are_equal(*first.item, *second.item)) {
        ++counts_.different;
        print("different", '!', *first.item, tell);
      } else {
        ++counts_.equal;
      }
      if (before <= 0 && !first.advance(console_, status)) return status;
      if (before >= 0 && !second.advance(console_, status)) return status;
    }
    return exit_done;
  }

  // What all runs found together; the exit status.
  int summarize() {
    ReportFields fields(console_, "diff");
    fields.word("compared", arguments_.compares_records ? "records" : "keys_and_raw_records");
    fields.number("only_in_first", counts_.only_in_first).number("only_in_second", counts_.only_in_second);
    fields.number("different", counts_.different).number("equal", counts_.equal);
    fields.print();
    return counts_.differ() ? exit_usage : exit_done;
  }

 private:
  template <class Item, class Tell>
  void print(std::string_view how, char sign, const Item& item, const Tell& tell) {
    if (arguments_.is_quiet) return;
    if (console_.json()) {
      json_.start("difference");
      json_.text("how", how);
      tell(json_, item);
      console_.out().write(json_.finish());
      return;
    }
    line_.assign({sign, ' '});
    tell(line_, item);
    line_ += '\n';
    console_.out().write(line_);
  }

  Console& console_;
  const DiffArguments& arguments_;
  Differences counts_;
  std::string line_;
  JsonLine json_{"difference"};
};

struct TellKey {
  void operator()(JsonLine& json, const KeyValue& item) const { json.base64("key_base64", item.key); }
  void operator()(std::string& line, const KeyValue& item) const { append_shown(line, item.key, {.truncate = false}); }
};

struct TellRecord {
  void operator()(JsonLine& json, const RecordView& item) const {
    json.number("txid", item.txid).text("record_type", name_of(item.type)).base64("key_base64", item.key);
  }
  void operator()(std::string& line, const RecordView& item) const {
    line += "txid=" + std::to_string(item.txid) + " type=" + std::string(name_of(item.type)) + " key=";
    append_shown(line, item.key, {.truncate = false});
  }
};

// Walks what both logs hold by transaction id: everything, or what is Raw.
int run_records(Console& console, const DiffArguments& arguments, Comparison& comparison, bool only_raw) {
  int status = exit_done;
  const std::optional<RecordLogReader> first = open_to_read(console, arguments.first, status);
  if (!first) return status;
  const std::optional<RecordLogReader> second = open_to_read(console, arguments.second, status);
  if (!second) return status;
  using RecordSide = Side<RecordCursor, RecordView>;
  RecordSide left{.cursor = first->records(), .dir = arguments.first};
  RecordSide right{.cursor = second->records(), .dir = arguments.second};
  if (only_raw) {
    left.is_wanted = right.is_wanted = [](const RecordView& record) { return record.type == RecordType::Raw; };
  }
  const auto order = [](const RecordView& x, const RecordView& y) {
    return x.txid < y.txid ? -1 : static_cast<int>(x.txid > y.txid);
  };
  const auto are_equal = [](const RecordView& x, const RecordView& y) {
    return x.type == y.type && x.key == y.key && x.payload == y.payload;
  };
  status = comparison.run(left, right, order, are_equal, TellRecord());
  if (status != exit_done) return status;
  note_torn_tail(console, arguments.first, left.cursor.report());
  note_torn_tail(console, arguments.second, right.cursor.report());
  return exit_done;
}

int run_keys(Console& console, const DiffArguments& arguments, Comparison& comparison, const DataWalReader& first,
             const DataWalReader& second) {
  Result<DataWalCursor> a = first.cursor({});
  if (!a) return console.fail(a.error(), arguments.first);
  Result<DataWalCursor> b = second.cursor({});
  if (!b) return console.fail(b.error(), arguments.second);
  using KeySide = Side<DataWalCursor, KeyValue>;
  KeySide left{.cursor = std::move(*a), .dir = arguments.first};
  KeySide right{.cursor = std::move(*b), .dir = arguments.second};
  return comparison.run(
      left, right, [](const KeyValue& x, const KeyValue& y) { return x.key.compare(y.key); },
      [](const KeyValue& x, const KeyValue& y) { return x.value == y.value; }, TellKey());
}

int compare_records(Console& console, const DiffArguments& arguments) {
  Comparison comparison(console, arguments);
  const int status = run_records(console, arguments, comparison, false);
  return status == exit_done ? comparison.summarize() : status;
}

// A store may hold both kinds, and Raw records show in no key's value.
int compare_keys_and_raw_records(Console& console, const DiffArguments& arguments) {
  int status = exit_done;
  const std::optional<DataWalReader> first = open_store(console, arguments.first, status);
  if (!first) return status;
  const std::optional<DataWalReader> second = open_store(console, arguments.second, status);
  if (!second) return status;
  Comparison comparison(console, arguments);
  status = run_keys(console, arguments, comparison, *first, *second);
  if (status != exit_done) return status;
  if (first->stats().raw_records + second->stats().raw_records != 0) {
    status = run_records(console, arguments, comparison, true);
  } else {
    note_torn_tail(console, arguments.first, first->report());
    note_torn_tail(console, arguments.second, second->report());
  }
  return status == exit_done ? comparison.summarize() : status;
}

}  // namespace

void add_diff(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "diff", "Compares two stores: a copy and what it was made of.",
                                  R"(Takes no lock and changes nothing. Compares the keys that have a value, however
they came there, and the Raw records, which belong to no key, by their
transaction ids: a store that was compacted in place equals what it was.
`datawal compact DIR TARGET` gives Raw records new ids. With --records,
everything in both logs by transaction id. A line for each difference:

  < KEY   only in DIR
  > KEY   only in OTHER
  ! KEY   in both, with another value
  < txid=N type=Raw key=KEY   the same of a record

Examples:
  datawal diff ./kv ./kv.monday
  datawal diff ./log ./log.copy --records --quiet

Exit status: 0 they are equal; 1 they differ, or usage, or no store there;
3 damage, or reading or printing failed.)");
  auto arguments = std::make_shared<DiffArguments>();
  add_store(command, arguments->first);
  add_path(
      command, "OTHER", [arguments](const std::string& text) { arguments->second = text; },
      "The other store's directory")
      ->option_text(" ")
      ->required();
  command.add_flag("--records", arguments->compares_records, "Compare whole logs, record by record, dead ones too")
      ->option_text(" ");
  command.add_flag("--quiet", arguments->is_quiet, "Only count the differences")->option_text(" ");
  command.final_callback([&run, arguments] {
    run = [arguments](Console& console) {
      return arguments->compares_records ? compare_records(console, *arguments)
                                         : compare_keys_and_raw_records(console, *arguments);
    };
  });
}

}  // namespace datawal::cli
