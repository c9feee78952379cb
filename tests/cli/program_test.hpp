#pragma once
// What tests of the program share: a directory to run it in, and short ways to say what is expected.

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/run_program.hpp"
#include "support/files.hpp"

namespace datawal::test {

class ProgramTest : public testing::Test {
 protected:
  // A closed pipe must be an error here too, not the end of the test.
  ProgramTest() { std::signal(SIGPIPE, SIG_IGN); }

  [[nodiscard]] std::filesystem::path in_dir(std::string_view name) const { return dir_.path() / name; }

  /// Runs the program in the directory of the test.
  [[nodiscard]] Ended run(std::vector<std::string> arguments, std::string_view input = {}) const {
    Running running(std::move(arguments), {.directory = dir_.path()});
    running.send(input);
    return running.finish();
  }

  [[nodiscard]] std::unique_ptr<Running> start(std::vector<std::string> arguments, const std::string& output = {},
                                               int input = -1) const {
    return std::make_unique<Running>(std::move(arguments),
                                     Running::Setting{.directory = dir_.path(), .output = output, .input = input});
  }

  /// The payloads of `store` as lines, exactly as they are for text without blanks.
  [[nodiscard]] std::string payloads(const std::string& store) const {
    std::string text;
    std::string lines = run({"scan", store, "--bytes", "raw", "--no-truncate"}).out;
    while (!lines.empty()) {
      const std::size_t end = lines.find('\n');
      const std::string line = lines.substr(0, end);
      text += line.substr(line.find(" payload=") + 9) + '\n';
      lines.erase(0, end + 1);
    }
    return text;
  }

  /// Names, contents and times of everything in `name`.
  [[nodiscard]] std::map<std::string, std::string> image_of(std::string_view name) const {
    std::map<std::string, std::string> image;
    for (const auto& entry : std::filesystem::directory_iterator(in_dir(name))) {
      struct stat info{};
      ::stat(entry.path().c_str(), &info);
      image[entry.path().filename()] = read_file(entry.path()) + std::to_string(info.st_mtim.tv_sec) + '.' +
                                       std::to_string(info.st_mtim.tv_nsec);
    }
    return image;
  }

  void copy_fixture(const std::string& fixture, const std::string& name) const {
    std::filesystem::copy(std::filesystem::path(DATAWAL_FIXTURES) / fixture, in_dir(name),
                          std::filesystem::copy_options::recursive);
    std::filesystem::permissions(in_dir(name), std::filesystem::perms::owner_all);
    for (const auto& entry : std::filesystem::directory_iterator(in_dir(name))) {
      std::filesystem::permissions(entry.path(),
                                   std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
  }

  void truncate_by(std::string_view file, std::uint64_t bytes) const {
    std::filesystem::resize_file(in_dir(file), std::filesystem::file_size(in_dir(file)) - bytes);
  }

  void flip_byte(std::string_view file, std::size_t offset) const {
    std::string content = read_file(in_dir(file));
    content.at(offset) = static_cast<char>(content.at(offset) ^ 1);
    write_file(in_dir(file), content);
  }

 private:
  TemporaryDirectory dir_;
};

}  // namespace datawal::test
