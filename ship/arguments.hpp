#pragma once
// What the commands are told.

#include <cstdint>
#include <string>

#include "ship/shipper.hpp"
#include "ship/stream.hpp"

namespace datawal::ship {

struct Arguments {
  std::string dir;
  StreamOptions stream{};
  ShipOptions ship{};
  std::int64_t hold_seconds = 600;
  bool is_json = false;
  std::string metrics_file{};
  std::string into{};  ///< the stream that a reseed begins
};

}  // namespace datawal::ship
