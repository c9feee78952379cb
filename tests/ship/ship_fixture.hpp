#pragma once
// Stores, and a real server that they are shipped to.

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <datawal/record_log.hpp>

#include "ship/must.hpp"
#include "ship/rebuild.hpp"
#include "ship/server.hpp"
#include "ship/shipper.hpp"
#include "ship/stream.hpp"
#include "support/files.hpp"

namespace datawal::ship {

using std::filesystem::path;
using test::Process;
using test::Server;

template <class T>
[[nodiscard]] testing::AssertionResult fails_with(const Outcome<T>& outcome, Exit exit) {
  if (outcome) return testing::AssertionFailure() << "it succeeded";
  if (outcome.error().exit == exit) return testing::AssertionSuccess();
  return testing::AssertionFailure() << outcome.error().exit << ": " << outcome.error().text;
}

inline std::map<std::string, std::string> segments_of(const path& dir) {
  std::map<std::string, std::string> segments;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".dwal")) continue;
    std::string bytes = datawal::test::read_file(entry.path());
    if (!bytes.empty()) segments[name] = std::move(bytes);
  }
  return segments;
}

class Ship : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (std::system("command -v nats-server > /dev/null") != 0) return;
    folder_ = new datawal::test::TemporaryDirectory();
    server_ = new Server(folder_->path() / "server");
  }
  static void TearDownTestSuite() {
    delete std::exchange(server_, nullptr);
    delete std::exchange(folder_, nullptr);
  }
  void SetUp() override {
    if (server_ == nullptr) GTEST_SKIP() << "there is no nats-server here";
  }

  [[nodiscard]] path at(const std::string& name) const { return directory_.path() / name; }

  [[nodiscard]] StreamOptions stream_options() const {
    return {.servers = {server_->url()}, .name = stream_name_, .replicas = 1};
  }
  [[nodiscard]] std::unique_ptr<Stream> connect() const { return must(Stream::connect(stream_options())); }
  [[nodiscard]] ShipOptions options(const path& dir) const {
    return {
        .dir = dir, .stream = stream_options().name, .unit_bytes = 2048, .hold = std::chrono::seconds(0), .once = true};
  }
  Outcome<Shipped> ship(const path& dir) const { return run(*connect(), options(dir)); }

  // So many records of some 100 bytes, durable.
  static void append(const path& dir, int count, const std::string& what = "record") {
    RecordLog log = must(RecordLog::open(dir, {.max_segment_bytes = 10'000}));
    for (int i = 0; i < count; ++i) must(log.append(what + ' ' + std::to_string(i) + std::string(80, '.')));
    must(log.close());
  }

  static inline datawal::test::TemporaryDirectory* folder_ = nullptr;
  static inline Server* server_ = nullptr;
  static inline int count_ = 0;
  const std::string stream_name_ = "T" + std::to_string(++count_);
  datawal::test::TemporaryDirectory directory_;
};

// With a server of its own, which may be killed.
class ShipAlone : public Ship {
 protected:
  void SetUp() override {
    Ship::SetUp();
    if (server_ != nullptr) mine_.emplace(at("server"), more_);
  }
  [[nodiscard]] StreamOptions mine(const std::string& who = {}) const {
    return {.servers = {mine_->url(who)}, .name = "S", .replicas = 1, .wait = std::chrono::milliseconds(500)};
  }
  [[nodiscard]] ShipOptions shipping(const path& dir) const {
    return {.dir = dir, .stream = "S", .unit_bytes = 2048, .hold = std::chrono::seconds(0), .once = true};
  }
  void expect_whole(const path& dir) const {
    const std::unique_ptr<Stream> stream = must(Stream::connect(mine()));
    EXPECT_EQ(must(verify(*stream, dir)).voids, 0U);
    (void)must(rebuild(*stream, at("again")));
    EXPECT_EQ(segments_of(at("again")), segments_of(dir));
  }

  std::string more_{};
  std::optional<Server> mine_;
};

}  // namespace datawal::ship
