// Opening full stores, each time in a process of its own, so that peak memory is that of the opening.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <datawal/datawal.hpp>

#include "timing.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

/// Anonymous resident memory of this process, in bytes.
double rss_anon() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) return std::stod(line.substr(8)) * 1024;
  }
  return 0;
}

struct Opening {
  double seconds = 0;
  double peak_rss = 0;   // bytes
  double anonymous = 0;  // bytes that stay
};

Opening open_in_child(const std::string& mode, const std::filesystem::path& dir) {
  int ends[2];
  require(::pipe(ends) == 0, "pipe");
  const pid_t child = ::fork();
  require(child >= 0, "fork");
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    ::execl("/proc/self/exe", "datawal_peers_bench", "--reopen", mode.c_str(), dir.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  char text[256] = {};
  std::size_t size = 0;
  for (ssize_t got = 0; (got = ::read(ends[0], text + size, sizeof text - 1 - size)) > 0;)
    size += static_cast<std::size_t>(got);
  ::close(ends[0]);
  int status = 0;
  require(::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0, "reopening");
  Opening opening;
  require(std::sscanf(text, "%lf %lf %lf", &opening.seconds, &opening.peak_rss, &opening.anonymous) == 3, "reopening");
  return opening;
}

void add(Report& report, const char* name, const Contender& contender, const Opening& opening, std::size_t keys) {
  const auto count = static_cast<double>(keys);
  report.add(name, contender, "ms", opening.seconds * 1e3, false);
  report.add(name, contender, "peak RSS, MiB", opening.peak_rss / (1 << 20), false);
  if (contender.name != "datawal") return;
  report.add(name, contender, "ns a record", opening.seconds * 1e9 / count, false);
  report.add(name, contender, "bytes of memory a key (RssAnon)", opening.anonymous / count, false);
}

void measure(const Plan& plan, const char* name, const Contenders& readers, std::size_t keys, Report& report,
             const auto& path_of) {
  std::fprintf(stderr, "%s\n", name);
  for (int repetition = 0; repetition < plan.repetitions; ++repetition) {
    for (std::size_t n = 0; n < readers.size(); ++n) {
      Contender contender = readers[n];
      if (contender.name != "datawal") {
        add(report, name, contender, open_in_child(std::to_string(n), path_of(contender)), keys);
        continue;
      }
      for (const char* threads : {"1", "2"}) {
        contender.setting = threads[0] == '1' ? "one core" : "two cores";
        add(report, name, contender, open_in_child(std::string("datawal") + threads, path_of(contender)), keys);
      }
    }
  }
}

}  // namespace

void measure_reopening(const Plan& plan, const Contenders& all, Report& report) {
  const Contenders readers = readers_of(all);
  const auto small = [&](const Contender& contender) { return store_path(plan, contender); };
  measure(plan, "Reopen, fewer keys (1 million in full)", readers, plan.keys, report, small);

  // Put in ascending order, which the trees among them like best.
  const std::string keys = make_keys(plan.many_keys, 2, true);
  const auto large = [&](const Contender& contender) { return plan.scratch / ("many-" + contender.name); };
  for (const Contender& contender : readers) {
    std::fprintf(stderr, "filling %s with many keys\n", contender.name.c_str());
    contender.open_keys(large(contender), plan.many_keys)->fill(keys, key_len, value());
  }
  ::sync();
  measure(plan, "Reopen, many keys (10 million in full)", readers, plan.many_keys, report, large);
  for (const Contender& contender : readers) std::filesystem::remove_all(large(contender));
}

int reopen_in_child(const Contenders& all, std::span<char* const> arguments) {
  if (arguments.size() != 2) return 1;
  const std::string mode = arguments[0];
  const std::filesystem::path dir = arguments[1];
  const double before = rss_anon();
  const Clock::time_point begin = Clock::now();
  std::unique_ptr<KeyStore> store;
  std::optional<datawal::DataWal> db;
  if (mode.starts_with("datawal")) {
    auto opened = datawal::DataWal::open(dir, {.open_threads = mode.back() == '1' ? 1U : 0U});
    if (!opened) return 1;
    db.emplace(std::move(*opened));
  } else {
    store = readers_of(all)[std::stoul(mode)].open_keys(dir, 0);  // it is there, and knows
  }
  const double seconds = seconds_since(begin);
  const double anonymous = rss_anon() - before;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("%.9f %.0f %.0f\n", seconds, static_cast<double>(usage.ru_maxrss) * 1024, anonymous);
  return 0;
}

void measure_datawal_alone(const Plan& plan, Report& report) {
  std::fprintf(stderr, "datawal alone\n");
  const Contender contender = readers_of(Contenders(datawal_contenders().begin(), datawal_contenders().end())).front();
  const auto db = datawal::DataWal::open(store_path(plan, contender));
  require(db.has_value(), "datawal open");
  Contender row = contender;
  for (int repetition = 0; repetition < plan.repetitions; ++repetition) {
    const FreshDirectory dir(plan.scratch);
    row.setting = "compact_to";
    Clock::time_point begin = Clock::now();
    require(db->compact_to(dir.path()).has_value(), "compact_to");
    report.add("Whole store (1 million keys in full), synced", row, "ms", seconds_since(begin) * 1e3);
    row.setting = "export_jsonl";
    begin = Clock::now();
    require(db->export_jsonl(plan.scratch / "export.jsonl").has_value(), "export_jsonl");
    report.add("Whole store (1 million keys in full), synced", row, "ms", seconds_since(begin) * 1e3);
  }
  std::filesystem::remove(plan.scratch / "export.jsonl");

  const FreshDirectory dir(plan.scratch);
  const std::string keys = make_keys(plan.many_keys, 2);
  const std::unique_ptr<KeyStore> store = contender.open_keys(dir.path(), plan.many_keys);
  std::vector<float> us;
  us.reserve(plan.many_keys);
  const Clock::time_point begin = Clock::now();
  Clock::time_point now = begin;
  for (std::string_view rest = keys; !rest.empty(); rest.remove_prefix(key_len)) {
    store->put(rest.substr(0, key_len), value());
    const Clock::time_point before = now;
    now = Clock::now();
    us.push_back(std::chrono::duration<float, std::micro>(now - before).count());
  }
  const char* name = "Put of many keys (10 million in full), rotations among them";
  row.setting = contender.setting;
  report.add(name, row, "ns a put",
             std::chrono::duration<double, std::nano>(now - begin).count() / static_cast<double>(us.size()));
  std::ranges::sort(us);
  const auto share = [&](double part) {
    return us[static_cast<std::size_t>(part * static_cast<double>(us.size() - 1))];
  };
  report.add(name, row, "p99.9 us", share(0.999));
  report.add(name, row, "longest us", share(1));
}

}  // namespace bench
