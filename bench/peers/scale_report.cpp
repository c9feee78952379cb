#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "report.hpp"
#include "scale.hpp"

namespace bench {

std::string count_of_keys(std::uint64_t keys) {
  return keys % 1'000'000 == 0 ? std::to_string(keys / 1'000'000) + " M" : std::to_string(keys / 1000) + " k";
}

namespace {

std::vector<std::uint64_t> sizes_of(const std::vector<ScaleFigure>& figures) {
  std::vector<std::uint64_t> sizes;
  for (const ScaleFigure& figure : figures) sizes.push_back(figure.keys);
  std::ranges::sort(sizes);
  const auto repeated = std::ranges::unique(sizes);
  sizes.erase(repeated.begin(), repeated.end());
  return sizes;
}

const ScaleFigure* find(const std::vector<ScaleFigure>& figures, std::uint64_t keys, std::string_view store,
                        std::string_view figure) {
  const auto found = std::ranges::find_if(
      figures, [&](const ScaleFigure& one) { return one.keys == keys && one.store == store && one.figure == figure; });
  return found == figures.end() ? nullptr : &*found;
}

}  // namespace

std::vector<std::string> distinct(const std::vector<ScaleFigure>& figures, std::string ScaleFigure::* of) {
  std::vector<std::string> names;
  for (const ScaleFigure& figure : figures) {
    if (std::ranges::find(names, figure.*of) == names.end()) names.push_back(figure.*of);
  }
  return names;
}

std::vector<ScaleFigure> merged(std::vector<ScaleFigure> old, const std::vector<ScaleFigure>& fresh) {
  for (const ScaleFigure& figure : fresh) {
    const auto like = std::ranges::find_if(old, [&](const ScaleFigure& one) {
      return one.keys == figure.keys && one.store == figure.store && one.figure == figure.figure;
    });
    if (like == old.end()) {
      old.push_back(figure);
    } else {
      *like = figure;
    }
  }
  return old;
}

std::string scale_csv(const std::vector<ScaleFigure>& figures) {
  std::ostringstream text;
  text << "keys;value_len;store;figure;number;missed;run\n";
  for (const ScaleFigure& one : figures) {
    text << one.keys << ';' << one.value_len << ';' << one.store << ';' << one.figure << ';' << one.number << ';'
         << one.missed << ';' << one.run << '\n';
  }
  return text.str();
}

std::vector<ScaleFigure> scale_from_csv(const std::filesystem::path& file) {
  std::vector<ScaleFigure> figures;
  std::ifstream lines(file);
  std::string line;
  std::getline(lines, line);  // the names of the columns
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::vector<std::string> parts;
    for (std::string part; std::getline(fields, part, ';');) parts.push_back(part);
    require(parts.size() == 7, "reading " + file.string());
    figures.push_back({.keys = std::stoull(parts[0]),
                       .value_len = std::stoul(parts[1]),
                       .store = parts[2],
                       .figure = parts[3],
                       .number = std::stod(parts[4]),
                       .missed = parts[5],
                       .run = parts[6]});
  }
  return figures;
}

std::string scale_markdown(const std::vector<ScaleFigure>& figures, std::string_view plots) {
  const std::vector<std::uint64_t> sizes = sizes_of(figures);
  std::ostringstream text;
  for (const std::uint64_t size : sizes) {
    const auto first = std::ranges::find(figures, size, &ScaleFigure::keys);
    text << "* " << count_of_keys(size) << " keys of " << key_len << " bytes, values of " << first->value_len << ": "
         << first->run << '\n';
  }
  text << '\n';
  for (const std::string& figure : distinct(figures, &ScaleFigure::figure)) {
    text << "### As keys grow: " << figure << "\n\n";
    if (!plots.empty() && has_curve(figures, figure))
      text << "![" << figure << "](" << plots << '/' << curve_name(figure) << ")\n\n";
    text << "| store |";
    for (const std::uint64_t size : sizes) text << ' ' << count_of_keys(size) << " |";
    text << "\n|---|";
    for (std::size_t i = 0; i < sizes.size(); ++i) text << "--:|";
    text << '\n';
    for (const std::string& store : distinct(figures, &ScaleFigure::store)) {
      if (std::ranges::none_of(sizes,
                               [&](std::uint64_t size) { return find(figures, size, store, figure) != nullptr; })) {
        continue;
      }
      text << "| " << store << " |";
      for (const std::uint64_t size : sizes) {
        const ScaleFigure* one = find(figures, size, store, figure);
        text << ' ' << (one == nullptr ? "" : one->missed.empty() ? short_number(one->number) : one->missed) << " |";
      }
      text << '\n';
    }
    text << '\n';
  }
  return text.str();
}

}  // namespace bench
