// Names for places in the program.

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <string>

#include "interleave/runtime/scheduler.hpp"

namespace datawal::interleave {

namespace {

std::string first_line(std::FILE* pipe) {
  std::array<char, 4096> buffer{};
  return std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr ? buffer.data() : "";
}

std::string without_end(std::string line) {
  while (!line.empty() && line.back() == '\n') line.pop_back();
  return line;
}

std::string without_parameters(std::string function) {
  const std::size_t parameters = function.find('(', 1);
  if (parameters != std::string::npos && !function.starts_with("operator()")) function.resize(parameters);
  return function;
}

// By addr2line: of the functions that were inlined into each other the innermost that is of this tree.
std::string look_up(Site site) {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(site), &info) == 0 || info.dli_fname == nullptr) return "?";
  std::array<char, 4096> program{};
  const ssize_t length = ::readlink("/proc/self/exe", program.data(), program.size() - 1);
  const bool is_program = std::string(info.dli_fname).find(".so") == std::string::npos;
  const std::string file = is_program && length > 0 ? program.data() : info.dli_fname;
  std::array<char, 32> address{};
  std::snprintf(address.data(), address.size(), "0x%zx", site - 1 - reinterpret_cast<Site>(info.dli_fbase));
  const std::string command = "addr2line -Cfie '" + file + "' " + address.data() + " 2>/dev/null";
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return address.data();
  std::string found;
  for (;;) {
    const std::string function = without_end(first_line(pipe));
    const std::string line = without_end(first_line(pipe));
    if (line.empty()) break;
    const std::size_t tree = std::max({line.rfind("/src/"), line.rfind("/include/datawal/"), std::size_t{0}},
                                      [](std::size_t a, std::size_t b) { return a + 1 < b + 1; });
    found = without_parameters(function) + " (" + line.substr(tree == 0 ? 0 : tree + 1) + ")";
    if (tree != 0 && line.find("/usr/") != 0) break;
  }
  ::pclose(pipe);
  return found.empty() ? address.data() : found;
}

}  // namespace

std::string describe_site(Site site) {
  if (site < 0x10000) return {};  // an operation of the seam
  const memory::HostScope host;
  static auto& known = *new std::map<Site, std::string>;
  const auto [at, is_new] = known.try_emplace(site);
  if (is_new) at->second = look_up(site);
  return at->second;
}

}  // namespace datawal::interleave
