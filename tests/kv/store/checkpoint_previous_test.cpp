// A checkpoint on top of an earlier one shares files with it, and neither ever changes the other: whatever was, is and will be done
// to either as a store. On simulated disks; the store lies on another one, from which nothing can be linked.

#include <cerrno>
#include <iostream>
#include <span>

#include <datawal/segment.hpp>
#include <safeatomic/sim.hpp>

#include "kv/kv_support.hpp"
#include "log/operation_trace.hpp"
#include "support/allocator.hpp"

namespace datawal::test {
namespace {

using safeatomic::test::Fault;

// What is done to a checkpoint as a store.
enum class Act : std::uint8_t { open, put, seal, merge, close };
constexpr Act all_acts[] = {Act::open, Act::put, Act::seal, Act::merge, Act::close};
constexpr const char* name_of(Act act) {
  constexpr const char* names[] = {"open", "put", "seal", "merge", "close"};
  return names[static_cast<std::size_t>(act)];
}

class Stores {
 public:
  Stores() {
    files_.set_hook([](const FsOp& op) -> std::optional<Fault> {
      if (op.kind == OpKind::link && op.path.starts_with("/store/")) return Fault::error(EXDEV);
      return std::nullopt;
    });
    source_.emplace(open("/store"));
    // Two records a segment: the last one has room for another, for monday's writer too.
    for (int i = 0; i < 5; ++i) must(source_->put("key" + std::to_string(i), "of the source"));
    must(source_->checkpoint("/monday"));
    must(source_->compact({.min_garbage_ratio = 1}));  // seals what is the last one of monday's
  }

  // `acts` on the checkpoint `name`; what cannot be done there is left out.
  void act(const std::string& name, std::span<const Act> acts) {
    for (const Act act : acts) {
      if (act == Act::open && !kv_) kv_.emplace(open(name));
      if (!kv_) continue;
      switch (act) {
        case Act::open: break;
        case Act::put: must(kv_->put("key0", "of " + name)); break;
        case Act::seal: must(kv_->compact({.min_garbage_ratio = 1})); break;
        case Act::merge: must(kv_->compact({.min_garbage_ratio = 0})); break;
        case Act::close:
          must(kv_->close());
          kv_.reset();
          break;
      }
    }
  }
  void leave() { kv_.reset(); }

  CheckpointReport checkpoint_tuesday() {
    CheckpointReport report;
    must(source_->checkpoint("/tuesday", {.previous = "/monday", .report = &report}));
    return report;
  }

  [[nodiscard]] Contents source() const { return contents_of(*source_); }
  [[nodiscard]] Contents contents(const std::string& name) {
    return contents_of(open_kv_reader(name, {.file_system = &files_}));
  }
  // Of all segments.
  [[nodiscard]] Contents image(const std::string& name) const {
    Contents image;
    for (const std::string& file : machine_.peek_names(name)) {
      if (segment::parse_filename(file)) image[file] = machine_.peek(name + "/" + file).value();
    }
    return image;
  }

 private:
  [[nodiscard]] DataWal open(const std::string& name) {
    return open_kv(name, {.max_segment_bytes = 95, .file_system = &files_});
  }

  safeatomic::sim::SimFileSystem machine_;
  FaultyFileSystem files_{machine_};
  std::optional<DataWal> source_;
  std::optional<DataWal> kv_;
};

// All sequences of at most `length_max` acts; only what is open can be used.
std::vector<std::vector<Act>> sequences(std::size_t length_max, bool is_open = false) {
  std::vector<std::vector<Act>> all{{}};
  for (std::size_t begin = 0, length = 1; length <= length_max; ++length) {
    const std::size_t end = all.size();
    for (; begin < end; ++begin) {
      for (const Act act : all_acts) {
        const std::vector<Act>& before = all[begin];
        const bool is_usable = before.empty() ? is_open : before.back() != Act::close;
        if (is_usable == (act == Act::open)) continue;
        std::vector<Act> longer = before;
        longer.push_back(act);
        all.push_back(std::move(longer));
      }
    }
  }
  return all;
}

std::string told(std::span<const Act> acts) {
  std::string text;
  for (const Act act : acts) text += std::string(" ") + name_of(act);
  return text;
}

TEST(CheckpointOnAnEarlierOne, SharesWhatNobodyMayWrite) {
  Stores stores;
  const CheckpointReport report = stores.checkpoint_tuesday();
  EXPECT_EQ(report.segments, 4U);
  EXPECT_EQ(report.linked, 2U) << "neither its own last one nor monday's";
}

TEST(CheckpointOnAnEarlierOne, NeitherChangesNorIsChangedByWhatIsDoneToTheOther) {
  keep_freed_memory();
  std::size_t ran = 0;
  for (const std::vector<Act>& before : sequences(4)) {
    const bool is_open = !before.empty() && before.back() != Act::close;
    for (const std::string changed : {"/monday", "/tuesday"}) {
      for (const std::vector<Act>& after : sequences(3, is_open && changed == "/monday")) {
        SCOPED_TRACE("monday:" + told(before) + "; tuesday; " + changed + ":" + told(after));
        Stores stores;
        stores.act("/monday", before);
        (void)stores.checkpoint_tuesday();
        const std::string other = changed == "/monday" ? "/tuesday" : "/monday";
        if (changed == "/tuesday") stores.leave();
        const Contents image = stores.image(other);
        stores.act(changed, after);
        ASSERT_EQ(stores.image(other), image);
        if (other == "/tuesday") {
          ASSERT_EQ(stores.contents(other), stores.source());
        }
        ++ran;
      }
    }
  }
  std::cout << ran << " histories\n";
}

}  // namespace
}  // namespace datawal::test
