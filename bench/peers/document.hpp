#pragma once
// Files that a run writes.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "store.hpp"

namespace bench {

inline void write_file(const std::filesystem::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  require(file.good(), "writing " + path.string());
}

/// Puts `text` between the two marks `<!-- NAME: begin -->` and `<!-- NAME: end -->` of a document; makes one if it is absent.
inline void write_between_marks(const std::filesystem::path& document, std::string_view name, std::string_view text) {
  const std::string begin_mark = "<!-- " + std::string(name) + ": begin -->\n";
  const std::string end_mark = "<!-- " + std::string(name) + ": end -->\n";
  std::ifstream file(document, std::ios::binary);
  std::string whole((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (whole.empty()) whole = begin_mark + end_mark;
  const std::size_t begin = whole.find(begin_mark);
  const std::size_t end = whole.find(end_mark);
  require(begin != std::string::npos && end != std::string::npos && begin < end,
          "finding the marks in " + document.string());
  whole.replace(begin + begin_mark.size(), end - begin - begin_mark.size(), text);
  write_file(document, whole);
}

}  // namespace bench
