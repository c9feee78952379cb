// Random histories against a std::map. A failure prints its shortest history and a configuration; RC_PARAMS="..." in the
// environment, with what it printed, replays it.

#include <rapidcheck.h>

#include <algorithm>
#include <deque>
#include <ostream>

#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

enum class Act : std::uint8_t { put, erase, sync, reopen, tear, cut, compact, transfer, reclaim, checkpoint };

constexpr const char* name_of(Act act) {
  constexpr const char* names[] = {"put", "erase",   "sync",     "reopen",  "tear",
                                   "cut", "compact", "transfer", "reclaim", "checkpoint"};
  return names[static_cast<std::size_t>(act)];
}

struct Step {
  Act act = Act::put;
  std::size_t key = 0;    // in all_keys()
  std::size_t value = 0;  // bytes of a value, of a tear or of a cut
};

[[maybe_unused]] void showValue(const Step& step, std::ostream& out) {
  out << name_of(step.act) << " key " << step.key << " bytes " << step.value;
}

const std::vector<std::string>& all_keys() {
  using namespace std::string_literals;
  static const std::vector<std::string> keys = {""s,
                                                "a"s,
                                                "a\0"s,
                                                "a\0\0"s,
                                                "b"s,
                                                "DWAL"s,
                                                "\0"s,
                                                "\xFF"s,
                                                "12345678"s,
                                                "123456789"s,
                                                std::string(200, 'k'),
                                                std::string(200, 'k') + "1",
                                                std::string(200, 'k') + "2",
                                                std::string(5000, 'l')};
  return keys;
}

constexpr std::uint64_t segment_bytes = 300;  // so that histories of some steps rotate, and long values do not fit

// What was done since the log began; the map is what is left of it.
class Model {
 public:
  struct Change {
    std::string key{};
    std::optional<std::string> value{};
    [[nodiscard]] std::uint64_t len() const { return 28 + key.size() + (value ? value->size() : 0); }
  };

  void add(Change change) { changes_.push_back(std::move(change)); }

  /// The last `bytes` are gone, and with them every record that they were part of.
  void cut(std::uint64_t bytes) {
    while (bytes > 0) {
      bytes -= std::min(bytes, changes_.back().len());
      changes_.pop_back();
    }
  }

  /// A new log with what lives.
  void compact() {
    const Contents live = contents();
    changes_.clear();
    for (const auto& [key, value] : live) changes_.push_back({key, value});
  }

  [[nodiscard]] Contents contents() const {
    Contents contents;
    for (const Change& change : changes_) {
      if (change.value) {
        contents[change.key] = *change.value;
      } else {
        contents.erase(change.key);
      }
    }
    return contents;
  }

 private:
  std::deque<Change> changes_;
};

class History {
 public:
  explicit History(ReadPath path) : path_(path), dir_(store_.path()) { open(); }

  void run(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      ++done_;
      take(step);
      compare();
    }
    reopen();
    compare();
  }

 private:
  void open() { kv_.emplace(open_kv(dir_, {.max_segment_bytes = segment_bytes, .read_path = path_})); }
  void close() {
    must(kv_->close());
    kv_.reset();
  }
  void reopen() {
    close();
    open();
  }

  void take(const Step& step) {
    const std::string& key = all_keys()[step.key];
    switch (step.act) {
      case Act::put: {
        const std::string value(step.value, static_cast<char>(done_));
        must(kv_->put(key, value));
        return model_.add({key, value});
      }
      case Act::erase: must(kv_->erase(key)); return model_.add({key, {}});
      case Act::sync: return must(kv_->fsync());
      case Act::reopen: return reopen();
      case Act::tear: return tear(key, step.value);
      case Act::cut: return cut(step.value);
      case Act::compact: return compact();
      case Act::transfer: return transfer();
      case Act::reclaim: return reclaim(step.value);
      case Act::checkpoint: return checkpoint(step.value);
    }
  }

  // A record of a key, cut before its end or with a wrong checksum, behind all that was written.
  void tear(const std::string& key, std::size_t bytes) {
    std::string frame = reference_encode(1, 1000, key, "never acknowledged");
    frame.back() = static_cast<char>(frame.back() ^ 1);
    frame.resize(std::clamp<std::size_t>(bytes, 1, frame.size()));
    close();
    const auto file = active_file();
    overwrite(file, std::filesystem::file_size(file), frame);
    open();
    RC_ASSERT(kv_->log().recovery_report().tail_bytes_discarded > 0);
  }

  // What a loss of power does to records that were never synced: they, and the proof that they were, are gone.
  void cut(std::size_t bytes) {
    close();
    const auto file = active_file();
    const std::uint64_t size = std::filesystem::file_size(file);
    const std::uint64_t gone = std::min<std::uint64_t>(bytes, size);
    std::filesystem::remove(dir_ / ".watermark");
    std::filesystem::resize_file(file, size - gone);
    model_.cut(gone);
    open();
  }

  void compact() {
    const auto target = next_dir();
    must(kv_->compact_to(target));
    close();
    dir_ = target;
    open();
    model_.compact();
  }

  // In place; what can be cut off behind it is then only what comes later.
  void reclaim(std::size_t value) {
    must(kv_->compact({.min_garbage_ratio = value % 2 == 0 ? 0.0 : 0.5}));
    model_.compact();
    RC_ASSERT(kv_->stats().live_bytes <= kv_->stats().bytes);
  }

  // From the store or from a reader beside it; then go on in the store, whose copy must stay what it is, or in the copy.
  void checkpoint(std::size_t value) {
    const auto target = next_dir();
    if (value % 2 == 0) {
      must(kv_->checkpoint(target, {.previous = copy_}));
    } else {
      must(open_kv_reader(dir_).checkpoint(target, {.previous = copy_}));
    }
    copied_ = model_.contents();
    copy_ = target;
    if (value % 3 != 0) return;
    close();
    std::swap(dir_, copy_);
    open();
  }

  void transfer() {
    const auto target = next_dir();
    const auto lines = store_.beside("lines.jsonl");
    const auto again = store_.beside("again.jsonl");
    must(kv_->export_jsonl(lines));
    close();
    dir_ = target;
    open();
    must(kv_->import_jsonl(lines));
    must(kv_->export_jsonl(again));
    RC_ASSERT(read_file(again) == read_file(lines));
    model_.compact();
  }

  void compare() const {
    const Contents wanted = model_.contents();
    RC_ASSERT(kv_->size() == wanted.size());
    RC_ASSERT(kv_->empty() == wanted.empty());
    const std::vector<std::pair<std::string, std::string>> items(wanted.begin(), wanted.end());
    RC_ASSERT(must(kv_->items()) == items);
    std::vector<std::string> keys;
    for (const auto& [key, value] : wanted) keys.push_back(key);
    RC_ASSERT(must(kv_->keys()) == keys);
    RC_ASSERT(contents_of(*kv_) == wanted);
    for (const std::string& key : all_keys()) {
      const auto found = wanted.find(key);
      const std::optional<std::string> value = found == wanted.end() ? std::nullopt : std::optional(found->second);
      RC_ASSERT(must(kv_->get(key)) == value);
      RC_ASSERT(must(kv_->contains(key)) == value.has_value());
      RC_ASSERT(must(kv_->ref_of(key)).has_value() == value.has_value());
    }
    const DataWalReader reader = open_kv_reader(dir_, {.read_path = path_});
    RC_ASSERT(contents_of(reader) == wanted);
    RC_ASSERT(reader.size() == wanted.size());
    if (!copy_.empty()) RC_ASSERT(contents_of(open_kv_reader(copy_)) == copied_);
  }

  [[nodiscard]] std::filesystem::path active_file() const {
    std::filesystem::path last;
    for (const std::string& name : names_in(dir_)) {
      if (name.ends_with(".dwal")) last = dir_ / name;
    }
    return last;
  }
  [[nodiscard]] std::filesystem::path next_dir() { return store_.beside("store-" + std::to_string(done_)); }

  const ReadPath path_;
  const Store store_;
  std::filesystem::path dir_;
  std::optional<DataWal> kv_;
  Model model_;
  std::filesystem::path copy_;  // the newest checkpoint, or what it was made from; nobody writes there
  Contents copied_;             // what it holds
  std::size_t done_ = 0;
};

rc::Gen<Step> any_step() {
  const auto act = rc::gen::weightedElement<Act>({{12, Act::put},
                                                  {5, Act::erase},
                                                  {1, Act::sync},
                                                  {2, Act::reopen},
                                                  {1, Act::tear},
                                                  {1, Act::cut},
                                                  {1, Act::compact},
                                                  {1, Act::transfer},
                                                  {2, Act::reclaim},
                                                  {1, Act::checkpoint}});
  return rc::gen::build<Step>(
      rc::gen::set(&Step::act, act), rc::gen::set(&Step::key, rc::gen::inRange<std::size_t>(0, all_keys().size())),
      rc::gen::set(&Step::value, rc::gen::weightedOneOf<std::size_t>({{9, rc::gen::inRange<std::size_t>(0, 120)},
                                                                      {1, rc::gen::inRange<std::size_t>(120, 9000)}})));
}

bool holds_for_random_histories(ReadPath path) {
  return rc::check([path] {
    const auto steps = *rc::gen::container<std::vector<Step>>(any_step());
    History(path).run(steps);
  });
}

TEST(Model, AndStoreHoldTheSameAfterEveryStepReadingThroughMappings) {
  EXPECT_TRUE(holds_for_random_histories(ReadPath::mapped));
}

TEST(Model, AndStoreHoldTheSameAfterEveryStepReadingByPread) {
  EXPECT_TRUE(holds_for_random_histories(ReadPath::pread));
}

}  // namespace
}  // namespace datawal::test
