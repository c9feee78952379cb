#include "report.hpp"

#include <sys/utsname.h>
#include <sys/vfs.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <sstream>
#include <thread>

namespace bench {

namespace {

std::string first_value_of(const char* file, std::string_view name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name)) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

std::string file_system_of(const std::filesystem::path& dir) {
  struct statfs at{};
  if (::statfs(dir.c_str(), &at) != 0) return "unknown";
  switch (static_cast<unsigned long>(at.f_type)) {
    case 0xEF53: return "ext4";
    case 0x58465342: return "XFS";
    case 0x9123683E: return "btrfs";
    case 0x01021994: return "tmpfs";
    case 0x794C7630: return "overlayfs";
    default: break;
  }
  char text[32];
  std::snprintf(text, sizeof text, "type 0x%lx", static_cast<unsigned long>(at.f_type));
  return text;
}

// A row's median as a multiple of that of datawal's first row with the same unit and promise.
std::string relative(const Report& report, const Row& row) {
  const auto first = std::ranges::find_if(report.rows(), [&](const Row& other) {
    return other.workload == row.workload && other.unit == row.unit && other.store == "datawal" &&
           other.promise == row.promise;
  });
  if (first == report.rows().end() || &*first == &row) return "";
  return short_number(row.median() / first->median()) + " x";
}

}  // namespace

double Row::median() const {
  std::vector<double> sorted = samples;
  std::ranges::sort(sorted);
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
double Row::min() const { return *std::ranges::min_element(samples); }
double Row::max() const { return *std::ranges::max_element(samples); }

void Report::add(std::string_view workload, const Contender& contender, std::string_view unit, double sample,
                 bool is_writing) {
  const auto same = [&](const Row& row) {
    return row.workload == workload && row.store == contender.name && row.setting == contender.setting &&
           row.unit == unit;
  };
  auto row = std::ranges::find_if(rows_, same);
  if (row == rows_.end()) {
    rows_.push_back({.workload = std::string(workload),
                     .store = contender.name,
                     .setting = contender.setting,
                     .promise = is_writing ? std::string(name_of(contender.promise)) : std::string(),
                     .unit = std::string(unit)});
    row = rows_.end() - 1;
  }
  row->samples.push_back(sample);
}

std::vector<std::string> Report::workloads() const {
  std::vector<std::string> names;
  for (const Row& row : rows_) {
    if (std::ranges::find(names, row.workload) == names.end()) names.push_back(row.workload);
  }
  return names;
}

std::string describe_run(const std::filesystem::path& scratch, std::string_view commit) {
  utsname system{};
  ::uname(&system);
  const std::time_t now = std::time(nullptr);
  char date[64];
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", &utc);
  std::ostringstream text;
  text << "* machine: " << first_value_of("/proc/cpuinfo", "model name") << ", " << std::thread::hardware_concurrency()
       << " processors, " << first_value_of("/proc/meminfo", "MemTotal") << " of memory; " << system.sysname << ' '
       << system.release << ", " << file_system_of(scratch) << '\n'
       << "* commit: " << commit << "; date: " << date << '\n';
  return text.str();
}

std::string short_number(double number) {
  char text[64];
  const double size = std::fabs(number);
  if (size >= 10'000'000) {
    std::snprintf(text, sizeof text, "%.0f M", number / 1e6);
  } else if (size >= 10'000) {
    std::snprintf(text, sizeof text, "%.0f k", number / 1e3);
  } else {
    std::snprintf(text, sizeof text, size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f", number);
  }
  return text;
}

std::string as_csv(const Report& report) {
  std::ostringstream text;
  text << "workload,store,setting,survives,unit,median,min,max,samples\n";
  for (const Row& row : report.rows()) {
    text << '"' << row.workload << "\"," << row.store << ",\"" << row.setting << "\"," << row.promise << ',' << row.unit
         << ',' << row.median() << ',' << row.min() << ',' << row.max() << ',';
    for (std::size_t i = 0; i < row.samples.size(); ++i) text << (i == 0 ? "" : " ") << row.samples[i];
    text << '\n';
  }
  return text.str();
}

std::string as_markdown(const Report& report, std::string_view plots) {
  std::ostringstream text;
  for (const std::string& workload : report.workloads()) {
    text << "### " << workload << "\n\n";
    if (!plots.empty()) text << "![" << workload << "](" << plots << '/' << plot_name(workload) << ")\n\n";
    text << "| store | setting | once written, survives | unit | median | min | max | of datawal's |\n"
            "|---|---|---|---|--:|--:|--:|--:|\n";
    for (const Row& row : report.rows()) {
      if (row.workload != workload) continue;
      text << "| " << row.store << " | " << row.setting << " | " << row.promise << " | " << row.unit << " | "
           << short_number(row.median()) << " | " << short_number(row.min()) << " | " << short_number(row.max())
           << " | " << relative(report, row) << " |\n";
    }
    text << '\n';
  }
  return text.str();
}

}  // namespace bench
