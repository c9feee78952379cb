// The drill of docs/SHIPPING.md says what happens: each command is run, and what it prints is what the page shows.

#include <gtest/gtest.h>

#include "ship/ship_fixture.hpp"
#include "support/markdown.hpp"

namespace datawal::ship {
namespace {

class ShipDrill : public ShipAlone {
 protected:
  // All that the page shows on a terminal between "## Fail-over" and the next heading.
  [[nodiscard]] static std::string transcript() {
    std::string text;
    bool is_in_block = false;
    for (const std::string& line :
         datawal::test::section(datawal::test::read_file(path(DATAWAL_ROOT) / "docs/SHIPPING.md"), "Fail-over")) {
      if (line.starts_with("```")) {
        is_in_block = line == "```console";
      } else if (is_in_block) {
        text += line + '\n';
      }
    }
    return text;
  }
};

TEST_F(ShipDrill, IsWhatThePageShows) {
#ifndef DATAWAL_PROGRAM_DIRECTORY
  GTEST_SKIP() << "built without the program datawal";
#else
  const std::string shown = transcript();
  std::string script = "cd '" + directory_.path().string() +
                       "'; PATH='" DATAWAL_PROGRAM_DIRECTORY "':$PATH\nexec 2>&1\n";
  int commands = 0;
  for (const std::string& line : datawal::test::lines_of(shown)) {
    if (!line.starts_with("$ ")) continue;
    ++commands;
    const bool is_address = line.starts_with("$ NATS=");
    script += "cat <<'END'\n" + line + "\nEND\n" + (is_address ? "NATS=" + mine_->url() : line.substr(2)) + '\n';
  }
  ASSERT_GT(commands, 10);
  datawal::test::write_file(at("script"), script);
  ASSERT_EQ(std::system(("bash '" + at("script").string() + "' > '" + at("output").string() + "'").c_str()), 0);
  EXPECT_EQ(datawal::test::read_file(at("output")), shown);
#endif
}

}  // namespace
}  // namespace datawal::ship
