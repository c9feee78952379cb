// datawal beside LevelDB, RocksDB, LMDB, SQLite, tkrzw, Kyoto Cabinet, lines of JSON, and what the machine alone can do: one program,
// one run.

#include <cstdio>
#include <cstring>
#include <string>

#include "../scratch.hpp"
#include "document.hpp"
#include "scale.hpp"
#include "workloads.hpp"

namespace {

constexpr char usage[] =
    "usage: datawal_peers_bench [--quick] [--commit TEXT] [--out DIR]\n"
    "       datawal_peers_bench --scale [ARG...]  cost as the number of keys grows\n"
    "\n"
    "Prints the tables. With --out DIR also writes DIR/benchmarks/results.csv, a plot for each workload beside it, "
    "and\n"
    "the tables into DIR/BENCHMARKS.md, between its two marks. The stores that are measured lie below the working\n"
    "directory or, if that is set, $DATAWAL_BENCH_DIR. --quick: a few seconds, to see whether all of it works.\n";

struct Arguments {
  bool quick = false;
  std::string commit = "unknown";
  std::filesystem::path out{};
};

bool parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--quick") {
      arguments.quick = true;
    } else if (argument == "--commit" && i + 1 < argc) {
      arguments.commit = argv[++i];
    } else if (argument == "--out" && i + 1 < argc) {
      arguments.out = argv[++i];
    } else {
      return false;
    }
  }
  return true;
}

bench::Contenders all_contenders() {
  bench::Contenders all;
  for (const auto part : {bench::datawal_contenders(), bench::leveldb_contenders(), bench::rocksdb_contenders(),
                          bench::lmdb_contenders(), bench::sqlite_contenders(), bench::tkrzw_contenders(),
                          bench::kyoto_contenders(), bench::json_lines_contenders(), bench::floors()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

// Rivals that this program was built without.
std::string left_out() {
  std::string text;
  if (bench::tkrzw_contenders().empty()) text += "* left out, not installed: tkrzw\n";
  if (bench::kyoto_contenders().empty()) text += "* left out, not installed: Kyoto Cabinet\n";
  return text;
}

void write_all(const bench::Report& report, const std::string& run, const std::filesystem::path& out) {
  const std::filesystem::path benchmarks = out / "benchmarks";
  std::filesystem::create_directories(benchmarks);
  bench::write_file(benchmarks / "results.csv", bench::as_csv(report));
  for (const std::string& workload : report.workloads()) {
    bench::write_file(benchmarks / bench::plot_name(workload), bench::as_svg(report, workload));
  }
  bench::write_between_marks(out / "BENCHMARKS.md", "figures",
                             "\n" + run + "\n" + bench::as_markdown(report, "benchmarks"));
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Contenders all = all_contenders();
  if (argc > 1 && std::strcmp(argv[1], "--reopen") == 0) {
    return bench::reopen_in_child(all, std::span(argv + 2, static_cast<std::size_t>(argc - 2)));
  }
  if (argc > 1 && std::strcmp(argv[1], "--scale-child") == 0) {
    return bench::scale_child(all, std::span(argv + 2, static_cast<std::size_t>(argc - 2)));
  }
  if (argc > 1 && std::strcmp(argv[1], "--scale") == 0) {
    return bench::scale(all, std::span(argv + 2, static_cast<std::size_t>(argc - 2)));
  }
  Arguments arguments;
  if (!parse(argc, argv, arguments)) {
    std::fputs(usage, stderr);
    return 1;
  }
  const bench::Scratch scratch;
  bench::Plan plan{.scratch = scratch.path()};
  if (arguments.quick) {
    plan = {.scratch = scratch.path(),
            .repetitions = 1,
            .write_s = 0.02,
            .put_s = 0.05,
            .synced_s = 0.05,
            .read_s = 0.02,
            .keys = 20'000,
            .many_keys = 50'000};
  }
  bench::Report report;
  bench::fill_stores(plan, all);
  bench::measure_reads(plan, all, report);
  bench::measure_appends(plan, all, report);
  bench::measure_puts(plan, all, report);
  bench::measure_synced_puts(plan, all, report);
  bench::measure_datawal_alone(plan, report);
  bench::measure_reopening(plan, all, report);

  const std::string run = bench::describe_run(plan.scratch, arguments.commit) + left_out();
  std::printf("%s\n%s", run.c_str(), bench::as_markdown(report, "").c_str());
  if (!arguments.out.empty()) write_all(report, run, arguments.out);
  return 0;
}
