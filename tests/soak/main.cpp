// A store that is written to, compacted, copied and killed for as long as one likes. After every life it must hold what was
// acknowledged, and no more than one step beyond; and neither side may take more and more memory or descriptors.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <new>
#include <random>
#include <stdexcept>
#include <string_view>
#include <tuple>

#include <datawal/data_wal.hpp>
#include <datawal/data_wal_reader.hpp>
#include <datawal/record_log_reader.hpp>
#include <datawal/saved_index.hpp>
#include <datawal/saved_state.hpp>
#include <datawal/verify.hpp>

#include "soak/history.hpp"
#include "soak/measure.hpp"
#include "soak/writer.hpp"

namespace datawal::soak {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct Arguments {
  double seconds = 20;
  std::uint64_t seed = std::random_device{}();
  fs::path dir = "build/soak";
};

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

template <class T>
T must(Result<T> result) {
  if (!result) fail(result.error().message());
  return std::move(*result);
}
void must(const Result<void>& result) {
  if (!result) fail(result.error().message());
}

// Half of all lives, so that a leak shows as the difference of the two halves.
struct Peak {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  void note(std::uint64_t value, bool is_second) {
    std::uint64_t& peak = is_second ? second : first;
    peak = std::max(peak, value);
  }
};

class Soak {
 public:
  explicit Soak(const Arguments& arguments)
      : arguments_(arguments), history_(arguments.seed), random_(arguments.seed), known_(history_) {
    fs::remove_all(arguments.dir);
    fs::create_directories(arguments.dir);
    csv_.open(arguments.dir / "soak.csv");
    csv_ << "seconds,steps,kills,reopens,compactions,checkpoints,rss_kib,fds,writer_rss_kib,writer_fds,disk_bytes,"
            "live_bytes\n";
    void* shared = ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) fail("no shared memory");
    progress_ = new (shared) Progress;
  }

  void run() {
    const std::uint64_t descriptors = open_descriptors();
    while (seconds() < arguments_.seconds || lives_ < 4) {
      live();
      check();
      if (open_descriptors() != descriptors) fail("descriptors leak: " + std::to_string(open_descriptors()));
      ++lives_;
    }
    if (const VerifyReport report = must(verify(store())); !report.is_clean()) fail("verify finds damage");
    if (lives_ >= 20 && opened_with_index_ == 0) fail("no index was ever used");
    compact_all();
    check_peaks();
    std::cout << "soak: " << static_cast<int>(seconds()) << " s, " << progress_->acknowledged << " steps, " << lives_
              << " kills, " << lives_ + 1 << " reopens, " << opened_with_index_ << " of them with the index, "
              << progress_->compactions << " compactions, " << checkpoints_ << " checkpoints; memory "
              << own_rss_.second << " KiB here, " << writer_rss_.second << " KiB where it is written, descriptors "
              << writer_fds_.second << "; " << (arguments_.dir / "soak.csv").string() << "; nothing lost\n";
  }

 private:
  [[nodiscard]] fs::path store() const { return arguments_.dir / "store"; }
  [[nodiscard]] double seconds() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }
  [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return std::uniform_int_distribution<std::uint64_t>(low, high)(random_);
  }

  // One writing process, from its birth to its death; copies are made beside it.
  void live() {
    progress_->resident_kib = 0;
    progress_->descriptors = 0;
    std::array<int, 2> beat{};
    if (::pipe2(beat.data(), O_CLOEXEC) != 0) fail("no pipe");
    ::fcntl(beat[1], F_SETFL, O_NONBLOCK);
    const Life life{.compacts_in_background = lives_ % 2 == 0, .saves = lives_ % 4 < 2};
    const pid_t pid = ::fork();
    if (pid < 0) fail("no process");
    if (pid == 0) write_on(store(), history_, life, *progress_, beat[1]);
    ::close(beat[1]);
    const std::uint64_t copies = between(0, 2);
    for (std::uint64_t n = 0; n <= copies; ++n) {
      if (n > 0) copy_and_check();
      char byte = 0;
      for (std::uint64_t beats = between(0, 60); beats > 0; --beats) {
        if (::read(beat[0], &byte, 1) != 1) fail("the writer ended by itself");
      }
    }
    for (std::uint64_t turns = between(0, 200'000); turns > 0; --turns) asm volatile("" : : : "memory");
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    ::close(beat[0]);
  }

  // From this process, without the lock, while the other one writes and compacts.
  void copy_and_check() {
    const fs::path copy = arguments_.dir / "copy";
    fs::remove_all(copy);
    const std::uint64_t before = progress_->acknowledged;
    for (int tries = 0;; ++tries) {
      Result<RecordLogReader> reader = RecordLogReader::open(store());
      if (!reader && reader.error().code == Errc::not_found && before == 0) return;  // not made yet
      Result<void> made = reader ? reader->checkpoint(copy) : Result<void>(propagate(reader));
      if (made) break;
      if (made.error().code != Errc::snapshot_expired || tries == 100) fail(made.error().message());
    }
    const std::uint64_t after = progress_->acknowledged;
    const DataWal store = must(DataWal::open(copy));
    const std::uint64_t last = store.log().last_txid();
    if (last < before || last > after + 1) fail("a checkpoint ends at " + std::to_string(last));
    Model model = known_;
    model.go_to(last);
    compare(store, model, "a checkpoint");
    ++checkpoints_;
  }

  void check() {
    const StoreStats all_read = must(DataWalReader::open(this->store())).stats();
    OpenOptions options{.max_segment_bytes = segment_bytes};
    if (between(0, 3) > 0) options.index = saved_index;
    const DataWal store = must(DataWal::open(this->store(), options));
    if (store.log().recovery_report().index_state == IndexState::used) ++opened_with_index_;
    compare_counts(store.stats(), all_read);
    const std::uint64_t last = store.log().last_txid();
    const std::uint64_t acknowledged = progress_->acknowledged;
    if (last < acknowledged || last > acknowledged + 1) {
      fail(std::to_string(acknowledged) + " steps were acknowledged, and " + std::to_string(last) + " are there");
    }
    progress_->acknowledged = last;
    known_.go_to(last);
    compare(store, known_, "the store");
    const bool is_second = seconds() > arguments_.seconds / 2;
    own_rss_.note(resident_kib(), is_second);
    writer_rss_.note(progress_->resident_kib, is_second);
    writer_fds_.note(progress_->descriptors, is_second);
    check_saved();
    csv_ << seconds() << ',' << last << ',' << lives_ + 1 << ',' << lives_ + 1 << ',' << progress_->compactions << ','
         << checkpoints_ << ',' << resident_kib() << ',' << open_descriptors() << ',' << progress_->resident_kib << ','
         << progress_->descriptors << ',' << disk_bytes(this->store()) << ',' << store.stats().live_bytes << std::endl;
  }

  // What the index said of the segments, and what lay behind it, is what reading all of them says.
  static void compare_counts(const StoreStats& store, const StoreStats& all_read) {
    const auto counts = [](const StoreStats& stats) {
      return std::tuple(stats.bytes, stats.live_bytes, stats.live_keys, stats.raw_records, stats.put_records,
                        stats.delete_records, stats.last_txid);
    };
    if (counts(store) != counts(all_read)) fail("the store counts something else than all its records");
  }

  static void compare(const DataWal& store, const Model& model, const std::string& what) {
    std::uint64_t keys = 0;
    must(store.for_each([&](std::string_view key, std::string_view value) {
      ++keys;
      if (!model.has(key, value)) fail(what + " has another value of " + std::string(key));
      return true;
    }));
    if (keys != model.live_keys()) fail(what + " has " + std::to_string(keys) + " keys");
    if (store.stats().raw_records != model.raw_records()) fail(what + " lacks Raw records");
  }

  // Both still describe the store, or say that they do not.
  void check_saved() const {
    if (must(check_index(store())).state == IndexState::damaged) fail("the index says something else than the log");
    if (must(check_state(store())).state == IndexState::damaged) fail("the state says something else than the log");
  }

  // What is left is what lives, and the newest record.
  void compact_all() {
    DataWal store = must(DataWal::open(this->store(), {.max_segment_bytes = segment_bytes}));
    must(store.compact({.min_garbage_ratio = 0}));
    compare(store, known_, "the compacted store");
    const StoreStats stats = store.stats();
    std::uint64_t raw_bytes = 0;
    for (const SegmentStats& segment : stats.per_segment) raw_bytes += segment.raw_bytes;
    const auto needed = static_cast<double>(stats.live_bytes + raw_bytes);
    if (static_cast<double>(stats.bytes) > 1.02 * needed + 30'000) {
      fail(std::to_string(stats.bytes) + " bytes are left of " + std::to_string(stats.live_bytes + raw_bytes));
    }
  }

  void check_peaks() const {
    if (lives_ < 20) return;
    constexpr std::uint64_t slack_kib = 16 << 10;
    for (const Peak& rss : {own_rss_, writer_rss_}) {
      if (rss.second > rss.first + rss.first / 4 + slack_kib) {
        fail("memory grows: " + std::to_string(rss.first) + " KiB, then " + std::to_string(rss.second));
      }
    }
    if (writer_fds_.second > writer_fds_.first + 8) fail("the writer's descriptors grow");
  }

  const Arguments& arguments_;
  const History history_;
  std::mt19937_64 random_;
  Model known_;
  std::ofstream csv_;
  Progress* progress_ = nullptr;
  const Clock::time_point began_ = Clock::now();
  std::uint64_t lives_ = 0;
  std::uint64_t checkpoints_ = 0;
  std::uint64_t opened_with_index_ = 0;
  Peak own_rss_, writer_rss_, writer_fds_;
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--minutes") {
      arguments.seconds = 60 * std::stod(argv[i + 1]);
    } else if (option == "--seconds") {
      arguments.seconds = std::stod(argv[i + 1]);
    } else if (option == "--seed") {
      arguments.seed = std::stoull(argv[i + 1]);
    } else if (option == "--dir") {
      arguments.dir = argv[i + 1];
    } else {
      fail("unknown option " + std::string(option));
    }
  }
  if (argc % 2 == 0) fail("usage: datawal_soak [--minutes N | --seconds N] [--seed N] [--dir DIR]");
  return arguments;
}

}  // namespace
}  // namespace datawal::soak

int main(int argc, char** argv) {
  using namespace datawal::soak;
  try {
    const Arguments arguments = parse(argc, argv);
    std::cout << "soak: --seed " << arguments.seed << std::endl;
    Soak(arguments).run();
    std::filesystem::remove_all(arguments.dir / "store");
    std::filesystem::remove_all(arguments.dir / "copy");
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::cerr << "soak: FAILED: " << error.what() << "; the store is kept\n";
    return EXIT_FAILURE;
  }
}
