// Oracle: holds decode exactly where a regular expression for the lines, and a number that fits, say so, and encode to the same bytes;
// both of any bytes and of any lines with a right checksum behind them.
#include <cstdint>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "format/holds.hpp"
#include "support/oracle.hpp"
#include "support/reference_codec.hpp"

namespace datawal::fuzz {
namespace {

std::string checksum_of(std::string_view body) {
  std::ostringstream line;
  line << "crc32c " << std::hex;
  line.width(8);
  line.fill('0');
  line << test::reference_crc(body) << '\n';
  return line.str();
}

bool is_sound(const std::string& text) {
  constexpr std::size_t trailer = 16;
  if (text.size() < trailer) return false;
  const std::string body = text.substr(0, text.size() - trailer);
  if (text.substr(body.size()) != checksum_of(body)) return false;
  static const std::regex line("[A-Za-z0-9._][-A-Za-z0-9._]{0,63} (0|[1-9][0-9]{0,19})");
  const std::string head = "datawal holds 1\n";
  if (!body.starts_with(head) || body.back() != '\n') return false;
  std::istringstream lines(body.substr(head.size()));
  std::string before;
  int count = 0;
  for (std::string one; std::getline(lines, one);) {
    if (one.size() > 64 + 1 + 20 || !std::regex_match(one, line)) return false;
    const std::size_t blank = one.find(' ');
    const std::string name = one.substr(0, blank);
    const std::string digits = one.substr(blank + 1);
    const bool fits = digits.size() < 20 || digits <= "18446744073709551615";
    if (!fits || name <= before || ++count > 64) return false;
    before = name;
  }
  return true;
}

void compare(const std::string& text) {
  const format::DecodedHolds got = format::decode_holds(text);
  require((got.file == format::HoldsFile::whole) == is_sound(text),
          "they are whole exactly where the reference says so");
  if (got.file != format::HoldsFile::whole) {
    require(got.holds.empty(), "nothing is taken from what is not whole");
    return;
  }
  require(format::encode_holds(got.holds) == text, "encoding gives the same bytes");
}

}  // namespace
}  // namespace datawal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT(*-naming): libFuzzer's
  using namespace datawal::fuzz;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  compare(bytes);
  compare(bytes + checksum_of(bytes));
  const std::string headed = "datawal holds 1\n" + bytes;
  compare(headed + checksum_of(headed));
  return 0;
}
