// Appends, batches, puts and synced puts.

#include <atomic>
#include <cstdio>
#include <thread>

#include "timing.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

constexpr std::uint64_t bytes_at_most = 220ULL << 20;  // of one append measurement: within a segment

void measure_append(const Plan& plan, const Contenders& all, Report& report, const char* name, std::size_t size) {
  std::fprintf(stderr, "%s\n", name);
  const std::string payload(size, 'x');
  for (int repetition = 0; repetition < plan.repetitions; ++repetition) {
    for (const Contender& contender : all) {
      if (contender.open_log == nullptr || contender.promise != Promise::kill) continue;
      const FreshDirectory dir(plan.scratch);
      const std::unique_ptr<LogStore> log = contender.open_log(dir.path());
      const double ns = time_each(bytes_at_most / (size + 64), plan.write_s, 64,
                                  [&](std::uint64_t) { log->append(payload); });
      report.add(name, contender, "ns a record", ns);
    }
  }
}

void measure_batches(const Plan& plan, const Contenders& all, Report& report) {
  constexpr const char* name = "Batches of 100 records of 64 B";
  constexpr std::size_t batch = 100;
  std::fprintf(stderr, "%s\n", name);
  const std::string payload(64, 'x');
  for (int repetition = 0; repetition < plan.repetitions; ++repetition) {
    for (const Contender& contender : all) {
      if (contender.open_log == nullptr || contender.promise != Promise::kill) continue;
      const FreshDirectory dir(plan.scratch);
      const std::unique_ptr<LogStore> log = contender.open_log(dir.path());
      const double ns = time_each(bytes_at_most / (batch * 92), plan.write_s, 4,
                                  [&](std::uint64_t) { log->append_batch(payload, batch); });
      report.add(name, contender, "ns a record", ns / batch);
    }
  }
}

// Latencies of `threads` threads that put one synced record after the other, in nanoseconds.
std::vector<double> synced_latencies(KeyStore& store, std::string_view keys, unsigned threads, double budget_s) {
  std::vector<std::vector<double>> latencies(threads);
  std::atomic<unsigned> ready{0};
  std::vector<std::thread> running;
  const std::size_t share = keys.size() / key_len / threads * key_len;
  for (unsigned n = 0; n < threads; ++n) {
    running.emplace_back([&, n] {
      std::string_view own = keys.substr(n * share, share);
      ++ready;
      while (ready.load() < threads) std::this_thread::yield();
      const Clock::time_point begin = Clock::now();
      for (Clock::time_point now = begin; !own.empty(); own.remove_prefix(key_len)) {
        store.put(own.substr(0, key_len), value());
        const Clock::time_point before = now;
        now = Clock::now();
        latencies[n].push_back(std::chrono::duration<double, std::nano>(now - before).count());
        if (std::chrono::duration<double>(now - begin).count() >= budget_s) break;
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  std::vector<double> together;
  for (const std::vector<double>& own : latencies) together.insert(together.end(), own.begin(), own.end());
  std::ranges::sort(together);
  return together;
}

double percentile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

void measure_appends(const Plan& plan, const Contenders& all, Report& report) {
  measure_append(plan, all, report, "Append 64 B", 64);
  measure_append(plan, all, report, "Append 1 KiB", 1024);
  measure_append(plan, all, report, "Append 64 KiB", 64 * 1024);
  measure_batches(plan, all, report);
}

void measure_puts(const Plan& plan, const Contenders& all, Report& report) {
  constexpr const char* name = "Put 16 B / 100 B, random new keys";
  std::fprintf(stderr, "%s\n", name);
  const std::string keys = make_keys(plan.keys, 0);
  for (int repetition = 0; repetition < plan.repetitions; ++repetition) {
    for (const Contender& contender : all) {
      if (contender.open_keys == nullptr || contender.promise != Promise::kill) continue;
      const FreshDirectory dir(plan.scratch);
      const std::unique_ptr<KeyStore> store = contender.open_keys(dir.path(), plan.keys);
      const double ns = time_each(plan.keys, plan.put_s, 64, [&](std::uint64_t n) {
        store->put(std::string_view(keys).substr(n * key_len, key_len), value());
      });
      report.add(name, contender, "ns a put", ns);
    }
  }
}

void measure_synced_puts(const Plan& plan, const Contenders& all, Report& report) {
  const std::string keys = make_keys(plan.keys, 0);
  for (const unsigned threads : {1U, 8U, 64U}) {
    const std::string name = "Synced put 16 B / 100 B, " + std::to_string(threads) +
                             (threads == 1 ? " thread" : " threads");
    std::fprintf(stderr, "%s\n", name.c_str());
    for (int repetition = 0; repetition < plan.repetitions; ++repetition) {
      for (const Contender& contender : all) {
        if (contender.promise != Promise::power) continue;
        const FreshDirectory dir(plan.scratch);
        if (contender.open_keys == nullptr) {
          if (threads != 1) continue;  // a floor, or lines: one after the other
          const std::unique_ptr<LogStore> log = contender.open_log(dir.path());
          std::vector<double> latencies;
          const double ns = time_each(plan.keys, plan.synced_s, 1, [&](std::uint64_t) {
            const Clock::time_point begin = Clock::now();
            log->append(value());
            latencies.push_back(seconds_since(begin) * 1e9);
          });
          std::ranges::sort(latencies);
          report.add(name, contender, "puts a second", 1e9 / ns);
          report.add(name, contender, "p50 us", percentile(latencies, 0.5) / 1e3);
          report.add(name, contender, "p99 us", percentile(latencies, 0.99) / 1e3);
          report.add(name, contender, "p99.9 us", percentile(latencies, 0.999) / 1e3);
          continue;
        }
        const std::unique_ptr<KeyStore> store = contender.open_keys(dir.path(), plan.keys);
        const Clock::time_point begin = Clock::now();
        const std::vector<double> latencies = synced_latencies(*store, keys, threads, plan.synced_s);
        report.add(name, contender, "puts a second", static_cast<double>(latencies.size()) / seconds_since(begin));
        report.add(name, contender, "p50 us", percentile(latencies, 0.5) / 1e3);
        report.add(name, contender, "p99 us", percentile(latencies, 0.99) / 1e3);
        report.add(name, contender, "p99.9 us", percentile(latencies, 0.999) / 1e3);
      }
    }
  }
}

}  // namespace bench
