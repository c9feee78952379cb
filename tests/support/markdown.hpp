#pragma once
// Reads what documents promise: their sections, tables and code blocks.

#include <cstddef>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace datawal::test {

using Lines = std::vector<std::string>;
using Cells = std::vector<std::string>;

inline Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream input(text);
  for (std::string line; std::getline(input, line);) lines.push_back(line);
  return lines;
}

/// The lines below `## heading`, up to the next heading of that level.
inline Lines section(const std::string& document, const std::string& heading) {
  Lines found;
  bool inside = false;
  for (const std::string& line : lines_of(document)) {
    if (line.starts_with("## ")) {
      inside = line == "## " + heading;
    } else if (inside) {
      found.push_back(line);
    }
  }
  if (found.empty()) throw std::runtime_error("no section " + heading);
  return found;
}

inline std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

inline Cells cells_of(const std::string& line) {
  Cells cells;
  for (std::size_t at = 1; at < line.size();) {
    const std::size_t end = line.find('|', at);
    cells.push_back(trimmed(std::string_view(line).substr(at, end - at)));
    if (end == std::string::npos) break;
    at = end + 1;
  }
  return cells;
}

/// The first table of a section, its head and the line below it left out.
inline std::vector<Cells> table(const std::string& document, const std::string& heading) {
  std::vector<Cells> rows;
  for (const std::string& line : section(document, heading)) {
    if (line.starts_with('|')) {
      rows.push_back(cells_of(line));
    } else if (!rows.empty()) {
      break;
    }
  }
  if (rows.size() < 3) throw std::runtime_error("no table in " + heading);
  rows.erase(rows.begin(), rows.begin() + 2);
  return rows;
}

/// What stands between "```language" and "```", block by block.
inline std::vector<std::string> code_blocks(const std::string& document, const std::string& language) {
  std::vector<std::string> blocks;
  bool inside = false;
  bool wanted = false;
  for (const std::string& line : lines_of(document)) {
    if (line.starts_with("```")) {
      inside = !inside;
      wanted = inside && line == "```" + language;
      if (wanted) blocks.emplace_back();
    } else if (wanted) {
      blocks.back() += line + '\n';
    }
  }
  return blocks;
}

}  // namespace datawal::test
