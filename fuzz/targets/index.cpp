// Oracle: whatever `.index` holds, a store of some keys opens, and says of each key the value that it has, or one that it had, or that the
// index is damaged; with bytes whose checksums are not right, only what it has. It takes no memory but in proportion to what is there.
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <datawal/data_wal.hpp>
#include <datawal/format.hpp>
#include <datawal/saved_index.hpp>

#include "support/allocation_watch.hpp"
#include "support/oracle.hpp"
#include "support/scratch.hpp"

namespace datawal::fuzz {
namespace {

constexpr int key_count = 300;
constexpr std::size_t header_len = 112;

std::string key_of(int n) { return "key " + std::to_string(n); }

OpenOptions with_index() {
  OpenOptions options{.max_segment_bytes = 4000};
  options.index = {
      .is_enabled = true, .write_at_close = false, .writes_in_background = false, .loads_in_background = false};
  return options;
}

// Made once: the index names the files that are there.
struct Original {
  std::filesystem::path dir = scratch() / "indexed";
  std::string index{};
  std::size_t bytes = 0;

  Original() {
    clear_scratch();
    Result<DataWal> store = DataWal::open(dir, with_index());
    require_ok(store, "a store can be made");
    for (const char* value : {"old", "new"}) {
      for (int n = 0; n < key_count; ++n) require_ok(store->put(key_of(n), value), "it can be filled");
    }
    for (int n = 0; n < key_count; n += 5) require_ok(store->erase(key_of(n)), "and emptied");
    require_ok(store->save_index(), "and its index written");
    require_ok(store->close(), "and be closed");
    std::ifstream file(dir / ".index", std::ios::binary);
    index.assign(std::istreambuf_iterator<char>(file), {});
    bytes = size_of(image_of(dir));
  }
};

std::uint64_t number_at(std::string_view bytes, std::size_t offset, std::size_t len) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < len; ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(bytes[offset + i])} << (8 * i);
  }
  return value;
}

void put_number(std::string& bytes, std::size_t offset, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[offset + i] = static_cast<char>(value >> (8 * i));
}

// As somebody who knows the format would write it: the checksums of pages, of the metadata and of the header.
void make_checksums_right(std::string& index) {
  if (index.size() < header_len) return;
  const std::uint64_t pages_begin = number_at(index, 88, 8);
  if (pages_begin < header_len || pages_begin > index.size()) return;
  const std::uint64_t segments = number_at(index, 60, 4);
  std::uint64_t at = header_len + segments * 144;
  for (int part = 0; part < 16 && at + 8 <= pages_begin; ++part) {
    std::uint64_t pages = number_at(index, at + 4, 4);
    for (at += 8; pages > 0 && at + 16 <= pages_begin; --pages, at += 16) {
      const std::uint64_t begin = pages_begin + number_at(index, at + 4, 4) * 4096;
      const std::uint64_t len = number_at(index, at + 12, 4) * 4096;
      if (begin > index.size() || len > index.size() - begin) continue;
      put_number(index, at + 8, format::crc32c(std::string_view(index).substr(begin, len)));
    }
  }
  put_number(index, 104, format::crc32c(std::string_view(index).substr(header_len, pages_begin - header_len)));
  put_number(index, 108, format::crc32c(std::string_view(index).substr(0, 108)));
}

// The first byte says how the rest is taken: as the whole file, or as changes of the original, each an offset and a byte.
std::string index_of(std::string_view input, const Original& original, bool& is_crafted) {
  if (input.empty()) return original.index;
  const char how = input.front();
  input.remove_prefix(1);
  is_crafted = (how & 1) != 0;
  std::string index = (how & 2) != 0 ? std::string(input) : original.index;
  if ((how & 2) == 0) {
    for (; input.size() >= 4; input.remove_prefix(4)) {
      const std::uint64_t offset = number_at(input, 0, 3) % (index.size() + 1);
      if (offset == index.size()) {
        index.resize(index.size() / 2);
        if (index.empty()) break;
      } else {
        index[offset] = input[3];
      }
    }
  }
  if (is_crafted) make_checksums_right(index);
  return index;
}

void check_key(const DataWal& store, int n, bool is_crafted) {
  const Result<std::optional<std::string>> got = store.get(key_of(n));
  if (!got) {
    require(got.error().code == Errc::corruption, "what is damaged is told so", got.error().message());
    return;
  }
  const bool is_right = n % 5 == 0 ? !*got : *got == "new";
  require(is_right || (is_crafted && (!*got || **got == "old" || **got == "new")), "a key has a value of its own",
          key_of(n));
}

void check_store(const Original& original, const std::string& index, bool is_crafted) {
  {
    std::ofstream file(original.dir / ".index", std::ios::binary | std::ios::trunc);
    file.write(index.data(), static_cast<std::streamsize>(index.size()));
  }
  const AllocationWatch watch(original.bytes + 2 * index.size() + (1 << 20));
  (void)inspect_index(original.dir);
  Result<DataWal> store = DataWal::open(original.dir, with_index());
  require_ok(store, "no index keeps a sound store from being opened");
  for (int n = 0; n < key_count; ++n) check_key(*store, n, is_crafted);
  const Result<std::vector<std::string>> keys = store->keys();
  require(keys.has_value() || keys.error().code == Errc::corruption, "what is damaged is told so");
  const bool is_used = store->log().recovery_report().index_state == IndexState::used;
  require(index != original.index || (is_used && keys.has_value()), "the original is used");
}

}  // namespace
}  // namespace datawal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT(*-naming): libFuzzer's
  using namespace datawal::fuzz;
  static const Original original;
  bool is_crafted = false;
  const std::string index = index_of({reinterpret_cast<const char*>(data), size}, original, is_crafted);
  check_store(original, index, is_crafted);
  return 0;
}
