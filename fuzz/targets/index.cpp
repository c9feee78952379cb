// Oracle: whatever `.index` holds, a store of some keys opens, and says of each key the value that it has, or one that it had, or that the
// index is damaged; with bytes whose checksums are not right, only what it has. It takes no memory but in proportion to what is there.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <datawal/data_wal.hpp>
#include <datawal/saved_index.hpp>

#include "support/allocation_watch.hpp"
#include "support/oracle.hpp"
#include "support/saved_file.hpp"
#include "support/scratch.hpp"

namespace datawal::fuzz {
namespace {

constexpr int key_count = 300;

std::string key_of(int n) { return "key " + std::to_string(n); }

OpenOptions with_index() {
  OpenOptions options{.max_segment_bytes = 4000};
  options.index = {
      .is_enabled = true, .write_at_close = false, .writes_in_background = false, .loads_in_background = false};
  return options;
}

// Made once: the index names the files that are there.
struct Indexed {
  std::filesystem::path dir = scratch() / "indexed";
  std::string index{};
  std::size_t bytes = 0;

  Indexed() {
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

void check_store(const Indexed& original, const std::string& index, bool is_crafted) {
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
  static const Indexed original;
  const SavedFile saved = saved_file_of({reinterpret_cast<const char*>(data), size}, original.index, 3,
                                        SavedPages::indexed);
  check_store(original, saved.bytes, saved.is_crafted);
  return 0;
}
