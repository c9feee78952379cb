#pragma once
// Names instead of numbers in what GoogleTest prints.

#include <ostream>

#include <datawal/error.hpp>
#include <datawal/format.hpp>

namespace datawal {
inline void PrintTo(Errc code, std::ostream* out) { *out << name_of(code); }
inline void PrintTo(const Error& error, std::ostream* out) { *out << name_of(error.code) << ": " << error.message(); }
}  // namespace datawal

namespace datawal::format {
inline void PrintTo(Stop stop, std::ostream* out) {
  *out << int{static_cast<std::uint8_t>(stop)} << ", " << describe(stop);
}
}  // namespace datawal::format
