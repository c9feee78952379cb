// seeds FIXTURES CORPUS: writes the first inputs of every target below CORPUS, from the stores in FIXTURES and by hand.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "support/recipe.hpp"
#include "support/reference_codec.hpp"

namespace {

namespace fs = std::filesystem;
using datawal::fuzz::Step;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Corpus {
 public:
  explicit Corpus(fs::path root) : root_(std::move(root)) {}

  void add(std::string_view target, std::string_view name, std::string_view bytes) const {
    fs::create_directories(root_ / target);
    std::ofstream file(root_ / target / name, std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

 private:
  fs::path root_;
};

// A recipe, a step at a time.
class Steps {
 public:
  Steps& step(Step kind, const std::vector<int>& arguments) {
    bytes_ += static_cast<char>(kind);
    for (const int argument : arguments) bytes_ += static_cast<char>(argument);
    return *this;
  }
  Steps& text(Step kind, std::string_view text) {
    for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(text.size(), 255))) {
      bytes_ += static_cast<char>(kind);
      bytes_ += static_cast<char>(std::min<std::size_t>(text.size(), 255));
      bytes_ += text.substr(0, 255);
    }
    return *this;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// The stores of the reference implementation that are small enough.
void add_fixtures(const fs::path& fixtures, const Corpus& corpus) {
  constexpr std::uintmax_t max_seed_len = 4096;
  for (const auto& store : fs::directory_iterator(fixtures / "corpus")) {
    const std::string name = store.path().filename().string();
    Steps steps;
    for (int id = 1; id <= 3; ++id) {
      const fs::path segment = store.path() / ("0000000" + std::to_string(id) + ".dwal");
      if (!fs::exists(segment) || fs::file_size(segment) > max_seed_len) continue;
      const std::string bytes = read_file(segment);
      steps.step(Step::file, {id - 1}).text(Step::raw, bytes);
      corpus.add("decode", name + "-" + std::to_string(id), bytes);
    }
    corpus.add("segment", name, steps.bytes());
    corpus.add("store", name, steps.bytes());
    Steps repair;
    repair.step(Step::option, {0}).step(Step::option, {0}).step(Step::option, {0}).step(Step::option, {0});
    repair.step(Step::option, {0}).step(Step::option, {0}).step(Step::option, {1});
    corpus.add("command_line", "repair-" + name, repair.bytes() + steps.bytes());
  }
}

Steps three_frames() {
  return Steps()
      .step(Step::file, {0})
      .step(Step::frame, {1, 3, 9, 'k'})
      .step(Step::frame, {0, 0, 40, 'r'})
      .step(Step::frame, {2, 3, 0, 'k'});
}

void add_damage(const Corpus& corpus) {
  const struct {
    const char* name;
    Steps steps;
  } rows[] = {
      {"zeros-behind", three_frames().step(Step::zeros, {0, 32})},
      {"torn-body", three_frames().step(Step::frame, {1, 5, 200, 'x'}).step(Step::cut, {90, 0})},
      {"torn-header", three_frames().step(Step::frame, {1, 5, 200, 'x'}).step(Step::cut, {220, 0})},
      {"wrong-version", three_frames().step(Step::patch_header, {4, 9})},
      {"wrong-type", three_frames().step(Step::patch_header, {6, 9})},
      {"wrong-flags", three_frames().step(Step::patch_header, {7, 9})},
      {"long-key", three_frames().step(Step::patch_header, {18, 2})},
      {"long-payload", three_frames().step(Step::patch_header, {23, 5})},
      {"wrong-checksum", three_frames().step(Step::patch_byte, {5, 0, 0x55})},
      {"hole-in-the-middle", three_frames().step(Step::hole, {80}).step(Step::frame, {0, 0, 9, 'z'})},
      {"frame-of-half-a-mebibyte",
       three_frames().step(Step::long_frame, {0, 0xFF, 0xFF, 'l'}).step(Step::frame, {1, 2, 3, 4})},
      {"record-twice", three_frames().step(Step::repeat, {})},
      {"records-beyond-a-tear", three_frames().step(Step::patch_byte, {5, 0, 0x55}).step(Step::frame, {1, 2, 30, 'b'})},
      {"last-txid", three_frames().step(Step::frame_with_txid, {1, 4, 255, 255, 255, 255, 255, 255, 255, 255})},
  };
  for (const auto& row : rows) {
    corpus.add("segment", row.name, row.steps.bytes());
    corpus.add("store", row.name,
               Steps(row.steps).step(Step::option, {1}).step(Step::option, {0}).step(Step::option, {5}).bytes());
    corpus.add("store", std::string(row.name) + "-used",
               Steps(row.steps)
                   .step(Step::option, {0})
                   .step(Step::option, {0})
                   .step(Step::option, {4})
                   .step(Step::option, {12})
                   .bytes());
    corpus.add("store", std::string(row.name) + "-sealed",
               Steps(row.steps).step(Step::file, {1}).step(Step::frame, {1, 2, 30, 'n'}).bytes());
    corpus.add("store", std::string(row.name) + "-promised", Steps(row.steps).step(Step::watermark, {1, 0, 1}).bytes());
  }
  corpus.add("store", "odd-entries",
             three_frames().step(Step::entry, {10, 0}).step(Step::entry, {7, 3}).step(Step::entry, {3, 1}).bytes());
  corpus.add("store", "second-name", three_frames().step(Step::zeros, {9, 0}).step(Step::entry, {13, 3}).bytes());
  corpus.add("store", "missing-segments", three_frames().step(Step::watermark, {3, 0, 0}).bytes());
}

void add_watermarks(const Corpus& corpus) {
  for (int flags = 0; flags < 32; ++flags) {
    Steps steps;
    corpus.add("watermark", "second-" + std::to_string(flags), steps.step(Step::watermark, {2, flags, 1}).bytes());
  }
  std::string bytes = "DWMK";
  datawal::test::put_little_endian(bytes, 1, 4);
  datawal::test::put_little_endian(bytes, 2, 4);
  bytes.append(48, '\0');
  datawal::test::put_little_endian(bytes, datawal::test::reference_crc(bytes), 4);
  corpus.add("watermark", "whole", bytes);
  corpus.add("watermark", "file", Steps().step(Step::file, {6}).text(Step::raw, bytes).bytes());
}

void add_lines(const Corpus& corpus) {
  const struct {
    const char *name, *text;
  } rows[] = {
      {"two", R"({"key_b64":"YQ==","value_b64":"YWJj"}
{"key_b64":"YWI=","value_b64":""}
)"},
      {"blanks-and-order", R"( { "value_b64" : "YWJj" , "key_b64" : "" }   
)"},
      {"escapes", R"({"k\u0065y_b64":"YW\u004aj","value_b64":"\/\/\/\/"})"},
      {"bad-lines", R"({}

[1]
{"key_b64":"YQ=="}
{"key_b64":"YQ=","value_b64":""}
{"key_b64":1,"value_b64":""}
)"},
      {"other-field", R"({"key_b64":"YQ==","value_b64":"","x":""})"},
      {"twice", R"({"key_b64":"YQ==","key_b64":"YQ==","value_b64":""})"},
  };
  for (const auto& row : rows) corpus.add("import", row.name, row.text);
}

void add_commands(const Corpus& corpus) {
  const std::vector<std::vector<std::string>> lines = {
      {"scan", "store", "--json"},
      {"scan", "store", "--bytes", "hex", "--limit", "2", "--from-segment", "1", "--from-offset", "0"},
      {"get", "store", "--key", "kkk"},
      {"--json", "report", "store"},
      {"verify", "store"},
      {"--json", "verify", "store"},
      {"dump", "store", "--limit", "1"},
      {"check", "store"},
      {"--json", "stat", "store"},
      {"tail", "store", "-n", "1"},
      {"export", "store", "-"},
      {"export", "store", "out"},
      {"import", "store", "-", "--skip-bad"},
      {"append", "store", "--sync", "each", "--ack"},
      {"put", "store", "--key-hex", "6b", "value"},
      {"delete", "store", "--key", "kkk"},
      {"compact", "store", "out"},
      {"repair", "store", "--json"},
      {"repair", "store", "--salvage", "out", "--json"},
      {"scan", "--help"},
      {"--version"},
      {"nonsense", "store"},
  };
  for (std::size_t n = 0; n < lines.size(); ++n) {
    Steps steps = three_frames();
    for (const std::string& word : lines[n]) steps.text(Step::argument, word);
    steps.text(Step::input, R"(one
two
{"key_b64":"YQ==","value_b64":"YWJj"}
)");
    corpus.add("command_line", "line-" + std::to_string(n), steps.bytes());
    steps.step(Step::frame, {1, 5, 200, 'x'}).step(Step::cut, {90, 0});
    corpus.add("command_line", "torn-" + std::to_string(n), steps.bytes());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: seeds FIXTURES CORPUS\n");
    return 2;
  }
  const Corpus corpus(argv[2]);
  add_fixtures(argv[1], corpus);
  add_damage(corpus);
  add_watermarks(corpus);
  add_lines(corpus);
  add_commands(corpus);
  return 0;
}
