#pragma once
// What was measured, and how it is told: CSV with every sample, a table and a plot for each workload.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "store.hpp"

namespace bench {

/// One figure of one contender: one sample a repetition.
struct Row {
  std::string workload;
  std::string store;
  std::string setting;
  std::string promise;  ///< what a write has survived; empty where nothing is written
  std::string unit;
  std::vector<double> samples{};

  [[nodiscard]] double median() const;
  [[nodiscard]] double min() const;
  [[nodiscard]] double max() const;
};

class Report {
 public:
  /// Adds a sample; rows appear in the order of their first ones.
  void add(std::string_view workload, const Contender& contender, std::string_view unit, double sample,
           bool is_writing = true);

  [[nodiscard]] const std::vector<Row>& rows() const noexcept { return rows_; }
  /// In the order of appearance.
  [[nodiscard]] std::vector<std::string> workloads() const;

 private:
  std::vector<Row> rows_;
};

/// The machine, the commit and the date, as lines of Markdown.
[[nodiscard]] std::string describe_run(const std::filesystem::path& scratch, std::string_view commit);

[[nodiscard]] std::string as_csv(const Report& report);
/// One table for each workload; with `plots`, a picture above it.
[[nodiscard]] std::string as_markdown(const Report& report, std::string_view plots);
/// The rows of a workload that have the unit of its first one, as bars on a logarithmic scale.
[[nodiscard]] std::string as_svg(const Report& report, std::string_view workload);
/// The name of a workload's plot.
[[nodiscard]] std::string plot_name(std::string_view workload);

/// A number with three digits that matter.
[[nodiscard]] std::string short_number(double number);

}  // namespace bench
