// What is written by hand: one JSON line a record, appended by write(2).

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>

#include "store.hpp"

namespace bench {

namespace {

class JsonLines final : public LogStore {
 public:
  JsonLines(const std::filesystem::path& dir, Promise promise) : promise_(promise) {
    std::filesystem::create_directories(dir);
    fd_ = ::open((dir / "log.jsonl").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    require(fd_ >= 0, "JSON lines open");
  }
  ~JsonLines() override { ::close(fd_); }

  void append(std::string_view payload) override { append_batch(payload, 1); }
  void append_batch(std::string_view payload, std::size_t count) override {
    text_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      text_ += R"({"id":)";
      text_ += std::to_string(++last_id_);
      text_ += R"(,"payload":")";
      for (const char c : payload) {
        if (c == '"' || c == '\\') text_ += '\\';
        text_ += c;
      }
      text_ += "\"}\n";
    }
    require(::write(fd_, text_.data(), text_.size()) == static_cast<ssize_t>(text_.size()), "JSON lines write");
    if (promise_ == Promise::power) require(::fdatasync(fd_) == 0, "JSON lines sync");
  }

 private:
  Promise promise_;
  int fd_ = -1;
  std::uint64_t last_id_ = 0;
  std::string text_;
};

template <Promise promise>
std::unique_ptr<LogStore> open_log(const std::filesystem::path& dir) {
  return std::make_unique<JsonLines>(dir, promise);
}

}  // namespace

std::span<const Contender> json_lines_contenders() {
  static const std::array all{
      Contender{.name = "JSON lines", .setting = "write(2)", .open_log = open_log<Promise::kill>},
      Contender{.name = "JSON lines",
                .setting = "write(2), fdatasync",
                .promise = Promise::power,
                .open_log = open_log<Promise::power>},
  };
  return all;
}

}  // namespace bench
