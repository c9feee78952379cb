#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include "report.hpp"
#include "scale.hpp"

namespace bench {

namespace {

constexpr double width = 860;
constexpr double height = 420;
constexpr double left = 70;
constexpr double right = 640;  // names stand behind it
constexpr double top = 40;
constexpr double bottom = height - 40;
constexpr double name_height = 15;

constexpr std::array colours{"#1f6feb", "#0b3d91", "#54aeff", "#79c0ff", "#d29922", "#bf5b17",
                             "#2da44e", "#8250df", "#cf222e", "#6e7781", "#116329", "#4c2889"};

struct Scale {
  double low, high;  // decades
  double from, to;   // pixels
  [[nodiscard]] double at(double number) const {
    return from + (std::log10(number) - low) / (high - low) * (to - from);
  }
};

}  // namespace

std::string curve_name(std::string_view figure) { return "scale-" + plot_name(figure); }

bool has_curve(const std::vector<ScaleFigure>& figures, std::string_view figure) {
  std::string_view first;
  for (const ScaleFigure& one : figures) {
    if (one.figure != figure) continue;
    if (!first.empty() && one.store != first) return true;
    first = one.store;
  }
  return false;
}

std::string curve_svg(const std::vector<ScaleFigure>& figures, std::string_view figure) {
  std::vector<const ScaleFigure*> points;
  for (const ScaleFigure& one : figures) {
    if (one.figure == figure && one.missed.empty() && one.number > 0) points.push_back(&one);
  }
  std::ostringstream svg;
  svg << R"(<svg xmlns="http://www.w3.org/2000/svg" width=")" << width << R"(" height=")" << height
      << R"(" font-family="sans-serif" font-size="12">)" << '\n'
      << R"(<rect width="100%" height="100%" fill="white"/>)" << '\n'
      << R"(<text x="8" y="18" font-size="14" font-weight="bold">)" << figure << " (both axes logarithmic)</text>\n";
  if (points.empty()) return svg.str() + "</svg>\n";

  const auto by_keys = [](const ScaleFigure* a, const ScaleFigure* b) { return a->keys < b->keys; };
  const auto by_number = [](const ScaleFigure* a, const ScaleFigure* b) { return a->number < b->number; };
  const auto [fewest, most] = std::ranges::minmax(points, by_keys);
  const auto [least, greatest] = std::ranges::minmax(points, by_number);
  const Scale x{std::log10(static_cast<double>(fewest->keys)) - 0.1, std::log10(static_cast<double>(most->keys)) + 0.1,
                left, right};
  const Scale y{std::floor(std::log10(least->number)), std::floor(std::log10(greatest->number)) + 1, bottom, top};
  for (double decade = y.low; decade <= y.high; ++decade) {
    const double at = y.at(std::pow(10, decade));
    svg << R"(<line x1=")" << left << R"(" x2=")" << right << R"(" y1=")" << at << R"(" y2=")" << at
        << R"(" stroke="#d0d7de"/>)" << R"(<text x=")" << left - 6 << R"(" y=")" << at + 4 << R"(" text-anchor="end">)"
        << short_number(std::pow(10, decade)) << "</text>\n";
  }
  for (double decade = std::ceil(x.low); decade <= x.high; ++decade) {
    const double at = x.at(std::pow(10, decade));
    svg << R"(<line x1=")" << at << R"(" x2=")" << at << R"(" y1=")" << top << R"(" y2=")" << bottom
        << R"(" stroke="#d0d7de"/>)" << R"(<text x=")" << at << R"(" y=")" << bottom + 16
        << R"(" text-anchor="middle">)" << count_of_keys(static_cast<std::uint64_t>(std::llround(std::pow(10, decade))))
        << " keys</text>\n";
  }

  struct Name {
    double y;
    std::string text, colour;
  };
  std::vector<Name> names;
  const std::vector<std::string> stores = distinct(figures, &ScaleFigure::store);
  for (std::size_t n = 0; n < stores.size(); ++n) {
    std::vector<const ScaleFigure*> own;
    std::ranges::copy_if(points, std::back_inserter(own),
                         [&](const ScaleFigure* one) { return one->store == stores[n]; });
    if (own.empty()) continue;
    std::ranges::sort(own, by_keys);
    const std::string colour = colours[n % colours.size()];
    svg << R"(<polyline fill="none" stroke-width="2" stroke=")" << colour << R"(" points=")";
    for (const ScaleFigure* one : own) svg << x.at(static_cast<double>(one->keys)) << ',' << y.at(one->number) << ' ';
    svg << "\"/>\n";
    for (const ScaleFigure* one : own) {
      svg << R"(<circle r="3" cx=")" << x.at(static_cast<double>(one->keys)) << R"(" cy=")" << y.at(one->number)
          << R"(" fill=")" << colour << "\"/>\n";
    }
    names.push_back({y.at(own.back()->number), stores[n] + ": " + short_number(own.back()->number), colour});
  }
  // Names that would stand on each other move down, all of them up again if the last one left the picture.
  std::ranges::sort(names, {}, &Name::y);
  for (std::size_t n = 1; n < names.size(); ++n) names[n].y = std::max(names[n].y, names[n - 1].y + name_height);
  const double too_low = std::max(0.0, names.back().y - bottom);
  for (const Name& name : names) {
    svg << R"(<text x=")" << right + 8 << R"(" y=")" << name.y - too_low + 4 << R"(" fill=")" << name.colour << R"(">)"
        << name.text << "</text>\n";
  }
  return svg.str() + "</svg>\n";
}

}  // namespace bench
