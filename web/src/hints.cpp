// What to do next, for whoever looks at a store in a browser: stands in for cli/hints.cpp, which speaks of a shell.

#include "cli/hints.hpp"

namespace datawal::cli {

std::string hint_for(const Error& error, const std::filesystem::path& /*dir*/, std::string_view /*command*/) {
  switch (error.code) {
    case Errc::io: return "a browser gives no file that has changed since it was chosen: choose the directory again";
    case Errc::unsupported_version: return "`datawal --version` tells which one this is";
    default: return {};
  }
}

std::string hint_to_make(const std::filesystem::path& /*dir*/, std::string_view /*command*/) { return {}; }

}  // namespace datawal::cli
