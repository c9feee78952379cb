#include "support/recipe.hpp"

#include <algorithm>
#include <array>

#include "support/reference_codec.hpp"

namespace datawal::fuzz {
namespace {

constexpr std::size_t max_file_len = 2 << 20;  // bytes
constexpr std::size_t header_len = 24;
constexpr std::size_t hole_len = 4096;

constexpr std::array<std::string_view, 16> names = {"00000001.dwal",
                                                    "00000002.dwal",
                                                    "00000003.dwal",
                                                    "00000007.dwal",
                                                    "99999999.dwal",
                                                    "00000000.dwal",
                                                    ".watermark",
                                                    ".lock",
                                                    "100000000.dwal",
                                                    "00000001.dwal.torn-98",
                                                    ".tmp-0123456789abcdef.dwal-tmp",
                                                    ".tmp-0123456789ABCDEF.dwal-tmp",
                                                    "0000000a.dwal",
                                                    "notes.txt",
                                                    "00000002.dwal.torn-0",
                                                    "00000002.DWAL"};

constexpr std::array<std::string_view, 48> words = {"append",
                                                    "scan",
                                                    "tail",
                                                    "dump",
                                                    "report",
                                                    "verify",
                                                    "repair",
                                                    "get",
                                                    "put",
                                                    "delete",
                                                    "check",
                                                    "stat",
                                                    "export",
                                                    "import",
                                                    "compact",
                                                    "checkpoint",
                                                    "store",
                                                    "out",
                                                    "--json",
                                                    "--salvage",
                                                    "--key",
                                                    "--key-hex",
                                                    "--key-base64",
                                                    "--limit",
                                                    "--from-segment",
                                                    "--from-offset",
                                                    "--bytes",
                                                    "raw",
                                                    "hex",
                                                    "base64",
                                                    "--no-truncate",
                                                    "-n",
                                                    "1",
                                                    "0",
                                                    "-",
                                                    "--",
                                                    "--help",
                                                    "--version",
                                                    "--raw",
                                                    "include",
                                                    "--ack",
                                                    "--sync",
                                                    "each",
                                                    "--skip-bad",
                                                    "18446744073709551616",
                                                    "--max-segment-bytes",
                                                    "missing",
                                                    "--key="};

// How many bytes of arguments each step takes; raw, argument and input take a length and so many bytes.
constexpr std::array<std::size_t, step_count> argument_len = {4, 4, 10, 2, 3, 1, 2, 1, 2, 0, 1, 2, 3, 1, 1, 1, 1};

constexpr bool has_text(Step step) { return step == Step::raw || step == Step::argument || step == Step::input; }

class Arguments {
 public:
  explicit Arguments(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t n = 0; n < size; ++n) {
      if (n < bytes_.size()) value |= std::uint64_t{static_cast<unsigned char>(bytes_[n])} << (8 * n);
    }
    bytes_.remove_prefix(std::min(size, bytes_.size()));
    return value;
  }
  [[nodiscard]] std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
};

class Cook {
 public:
  void step(Step step, Arguments arguments) {
    switch (step) {
      case Step::frame:
      case Step::long_frame:
      case Step::frame_with_txid: return frame(step, arguments);
      case Step::file: return begin_file(name_of(arguments));
      case Step::entry: return entry(arguments);
      case Step::watermark: {
        const auto segment = static_cast<std::uint32_t>(arguments.number(1) % 8);
        recipe_.watermarks.push_back({.segment = segment == 6 ? 99'999'999 : segment,
                                      .flags = static_cast<std::uint8_t>(arguments.number(1)),
                                      .frame = static_cast<std::uint8_t>(arguments.number(1))});
        return;
      }
      case Step::option: recipe_.options += static_cast<char>(arguments.number(1)); return;
      case Step::argument:
        arguments.number(1);
        recipe_.arguments.emplace_back(arguments.rest());
        return;
      case Step::word: recipe_.arguments.emplace_back(words[arguments.number(1) % words.size()]); return;
      case Step::input:
        arguments.number(1);
        recipe_.input += arguments.rest();
        return;
      default: return content(step, arguments);
    }
  }

  Recipe take() { return std::move(recipe_); }

 private:
  static std::string name_of(Arguments& arguments) { return std::string(names[arguments.number(1) % names.size()]); }

  RecipeFile* find(std::string_view name) {
    const auto found = std::ranges::find(recipe_.files, name, &RecipeFile::name);
    return found == recipe_.files.end() ? nullptr : &*found;
  }

  void begin_file(const std::string& name) {
    if (RecipeFile* there = find(name); there != nullptr) {
      current_ = there->kind == EntryKind::regular ? static_cast<std::size_t>(there - recipe_.files.data()) : none;
    } else {
      current_ = recipe_.files.size();
      recipe_.files.push_back({.name = name});
    }
    last_frame_ = {};
  }

  void entry(Arguments& arguments) {
    const std::string name = name_of(arguments);
    const auto kind = static_cast<EntryKind>(1 + arguments.number(1) % 4);
    if (find(name) != nullptr) return;
    if (kind == EntryKind::hard_link && current_ == none) return;
    const std::string target = kind == EntryKind::hard_link ? recipe_.files[current_].name : "";
    recipe_.files.push_back({.name = name, .kind = kind, .linked_to = target});
  }

  RecipeFile& current() {
    if (current_ == none) begin_file(std::string(names[0]));
    if (current_ == none) {  // that name is taken by something that has no content
      spare_ = {};
      return spare_;
    }
    return recipe_.files[current_];
  }

  void add(std::string_view bytes, bool is_frame) {
    RecipeFile& file = current();
    if (file.bytes.size() + bytes.size() > max_file_len) return;
    file.bytes += bytes;
    if (is_frame) file.frame_ends.push_back(file.bytes.size());
  }

  void frame(Step step, Arguments& arguments) {
    const int type = static_cast<int>(arguments.number(1) % 3);
    std::size_t key_len = 0;
    std::size_t payload_len = 0;
    if (step == Step::frame) {
      key_len = arguments.number(1) % 24;
      payload_len = arguments.number(1);
    } else if (step == Step::long_frame) {
      payload_len = 8 * arguments.number(2);
    } else {
      payload_len = arguments.number(1);
    }
    if (step == Step::frame_with_txid) {
      txid_ = arguments.number(8);
    } else {
      ++txid_;
    }
    const std::uint64_t fill = arguments.number(1);
    const std::string key = std::string(key_len, static_cast<char>('a' + fill % 4));
    last_frame_ = test::reference_encode(type, txid_, key, std::string(payload_len, static_cast<char>(fill)));
    add(last_frame_, true);
  }

  void patch_header(Arguments& arguments) {
    RecipeFile& file = current();
    if (last_frame_.empty() || !file.bytes.ends_with(last_frame_)) return;
    file.bytes.resize(file.bytes.size() - last_frame_.size());
    if (!file.frame_ends.empty()) file.frame_ends.pop_back();
    const std::size_t at = arguments.number(1) % header_len;
    last_frame_[at] = static_cast<char>(arguments.number(1));
    last_frame_.resize(last_frame_.size() - 4);
    test::put_little_endian(last_frame_, test::reference_crc(last_frame_), 4);
    add(last_frame_, true);
  }

  void content(Step step, Arguments& arguments) {
    RecipeFile& file = current();
    switch (step) {
      case Step::patch_header: return patch_header(arguments);
      case Step::patch_byte: {
        const std::uint64_t back = arguments.number(2);
        if (back < file.bytes.size()) file.bytes[file.bytes.size() - 1 - back] = static_cast<char>(arguments.number(1));
        return;
      }
      case Step::raw: arguments.number(1); return add(arguments.rest(), false);
      case Step::zeros: return add(std::string(arguments.number(2), '\0'), false);
      case Step::hole: return add(std::string(hole_len * arguments.number(1), '\0'), false);
      case Step::cut:
        file.bytes.resize(file.bytes.size() - std::min<std::size_t>(file.bytes.size(), arguments.number(2)));
        return;
      case Step::repeat: return add(last_frame_, !last_frame_.empty());
      default: return;
    }
  }

  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  Recipe recipe_;
  RecipeFile spare_;
  std::size_t current_ = none;
  std::string last_frame_;
  std::uint64_t txid_ = 0;
};

// Calls `each(step, arguments, end)` for every step.
template <class Each>
void for_each_step(std::string_view bytes, Each each) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto step = static_cast<Step>(static_cast<unsigned char>(bytes[at]) % step_count);
    std::size_t len = argument_len[static_cast<std::size_t>(step)];
    if (has_text(step) && at + 1 < bytes.size()) len += static_cast<unsigned char>(bytes[at + 1]);
    const std::string_view arguments = bytes.substr(at + 1, len);
    at += 1 + arguments.size();
    each(step, arguments, at);
  }
}

}  // namespace

Recipe read_recipe(std::string_view bytes) {
  Cook cook;
  for_each_step(bytes,
                [&](Step step, std::string_view arguments, std::size_t) { cook.step(step, Arguments(arguments)); });
  return cook.take();
}

std::vector<std::size_t> step_bounds(std::string_view bytes) {
  std::vector<std::size_t> bounds = {0};
  for_each_step(bytes, [&](Step, std::string_view, std::size_t end) { bounds.push_back(end); });
  return bounds;
}

}  // namespace datawal::fuzz
