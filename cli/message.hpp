#pragma once
// A message for people, with a name for programs.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace datawal::cli {

struct Message {
  std::string_view code;         ///< stable name for programs: "corruption", "usage"
  std::string text;              ///< one sentence for people
  std::filesystem::path path{};  ///< the file concerned; empty if none
  std::uint32_t segment = 0;     ///< 0 if none
  std::uint64_t offset = 0;
};

}  // namespace datawal::cli
