#include <algorithm>
#include <cctype>
#include <cmath>
#include <sstream>

#include "report.hpp"

namespace bench {

namespace {

constexpr int width = 860;
constexpr int labels = 300;
constexpr int row_height = 22;
constexpr int bars = width - labels - 90;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else
      out += c;
  }
  return out;
}

const char* colour_of(const Row& row) {
  if (row.store == "datawal") return "#1f6feb";
  return row.store == "floor" ? "#9aa4ad" : "#d29922";
}

}  // namespace

std::string plot_name(std::string_view workload) {
  std::string name;
  for (const char c : workload) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (name.ends_with('-')) name.pop_back();
  return name + ".svg";
}

std::string as_svg(const Report& report, std::string_view workload) {
  std::vector<const Row*> rows;
  for (const Row& row : report.rows()) {
    if (row.workload == workload && (rows.empty() || row.unit == rows.front()->unit)) rows.push_back(&row);
  }
  double low = rows.front()->median();
  double high = low;
  for (const Row* row : rows) {
    low = std::min(low, row->min());
    high = std::max(high, row->max());
  }
  low = std::pow(10, std::floor(std::log10(std::max(low, 1e-3)) - 0.3));
  const double decades = std::max(0.3, std::log10(std::max(high, 2 * low) / low));
  const auto at = [&](double value) { return labels + std::log10(std::max(value, low) / low) / decades * bars; };

  std::ostringstream svg;
  const int height = 44 + row_height * static_cast<int>(rows.size()) + 12;
  svg << R"(<svg xmlns="http://www.w3.org/2000/svg" width=")" << width << R"(" height=")" << height
      << R"(" font-family="sans-serif" font-size="12">)" << '\n'
      << R"(<rect width="100%" height="100%" fill="white"/>)" << '\n'
      << R"(<text x="8" y="18" font-size="14" font-weight="bold">)" << escaped(workload) << "</text>\n"
      << R"(<text x="8" y="34" fill="#57606a">)" << escaped(rows.front()->unit)
      << ", logarithmic; bar: median, line: min to max</text>\n";
  int y = 44;
  for (const Row* row : rows) {
    const std::string label = row->store + ", " + row->setting +
                              (row->promise.empty() ? "" : " (" + row->promise + ")");
    svg << R"(<text x=")" << labels - 6 << R"(" y=")" << y + 14 << R"(" text-anchor="end">)" << escaped(label)
        << "</text>\n"
        << R"(<rect x=")" << labels << R"(" y=")" << y + 3 << R"(" width=")"
        << std::max(1.0, at(row->median()) - labels) << R"(" height="14" fill=")" << colour_of(*row) << R"("/>)" << '\n'
        << R"(<line x1=")" << at(row->min()) << R"(" x2=")" << at(row->max()) << R"(" y1=")" << y + 10 << R"(" y2=")"
        << y + 10 << R"(" stroke="black"/>)" << '\n'
        << R"(<text x=")" << at(row->max()) + 6 << R"(" y=")" << y + 14 << R"(">)" << short_number(row->median())
        << "</text>\n";
    y += row_height;
  }
  svg << "</svg>\n";
  return svg.str();
}

}  // namespace bench
