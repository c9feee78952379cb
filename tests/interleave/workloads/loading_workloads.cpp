// Pages of the index that lie in a file: loaded beside look-ups, changes, and each other.

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "interleave/watched.hpp"
#include "interleave/workloads/directory_parts.hpp"
#include "interleave/workloads/workload.hpp"
#include "interleave/world/invariant.hpp"
#include "kv/index/page_image.hpp"

namespace datawal::interleave {

namespace {

using kv::KeyDirectory;
using kv::PageSource;
using kv::SavedDirectory;
using kv::SavedPage;

// The pages of a directory, in memory.
class MemoryPages final : public PageSource {
 public:
  explicit MemoryPages(std::string bytes) : bytes_(std::move(bytes)) {}

  [[nodiscard]] Result<void> read(std::uint32_t page, std::span<char> into) override {
    std::string_view(bytes_).substr(page * kv::saved_page_len).copy(into.data(), into.size());
    return {};
  }
  [[nodiscard]] bool is_intact(const SavedPage&, std::string_view) const noexcept override { return true; }
  [[nodiscard]] Error damaged(const SavedPage& page) override {
    violated(Invariant::sound_store_has_no_error, "page " + std::to_string(page.page) + " is taken for damaged");
  }

 private:
  const std::string bytes_;
};

struct Saved {
  SavedDirectory directory{};
  std::shared_ptr<PageSource> pages{};
};

Saved save(const KeyDirectory& directory) {
  Saved saved{.directory = {.keys = directory.size()}};
  std::string bytes;
  SavedDirectory::Part* part = nullptr;
  const auto same_address = [](std::uint64_t address) { return address; };
  directory.for_each_chain(
      [&](std::size_t number, std::uint32_t depth) {
        part = &saved.directory.parts[number];
        *part = {
            .depth = depth, .pages_begin = saved.directory.pages.size(), .pages_end = saved.directory.pages.size()};
      },
      [&](std::uint32_t tag, std::span<const kv::Page* const> chain) {
        saved.directory.pages.push_back({.tag = tag,
                                         .depth = chain.front()->depth(),
                                         .page = static_cast<std::uint32_t>(saved.directory.page_count),
                                         .chain = static_cast<std::uint32_t>(chain.size())});
        part->pages_end = saved.directory.pages.size();
        for (const kv::Page* page : chain) {
          const std::size_t at = bytes.size();
          bytes.resize(at + kv::saved_page_len);
          kv::encode_page(*page, same_address,
                          std::span<char, kv::saved_page_len>(bytes.data() + at, kv::saved_page_len));
          ++saved.directory.page_count;
        }
      });
  saved.pages = std::make_shared<MemoryPages>(std::move(bytes));
  return saved;
}

using Entries = std::map<std::uint64_t, std::uint64_t>;  // addresses by hash; 0: none

Entries first(std::uint64_t count) {
  Entries entries;
  for (std::uint64_t i = 0; i < count; ++i) entries.emplace(hash_of(i), address_of(i));
  return entries;
}

// Two pages, the first of which is split by the next insert: then the table grows, to which the second belongs too.
Entries two_pages() {
  Entries entries = first(split_count + 1);
  for (std::uint64_t i = 0; i < split_count / 2; ++i) entries.emplace(hash_of(i) + 1, address_of(i) + moved);
  return entries;
}

// `before` lies in a file when the parts begin; it and what was `changed` is there when they have ended.
Workload of(std::string name, int bound, const Entries& before, std::vector<Part> parts, const Entries& changed = {}) {
  Entries expected = changed;
  expected.insert(before.begin(), before.end());
  return {.name = std::move(name), .bound = bound, .body = [=] {
            const auto directory = std::make_unique<KeyDirectory>();
            {
              KeyDirectory filled;
              for (const auto& [hash, address] : before) filled.insert(hash, address);
              Saved saved = save(filled);
              directory->restore(std::move(saved.directory), std::move(saved.pages));
            }
            begin_exploring();
            for (const Part& part : parts) spawn([&directory, &part] { part(*directory); });
            join_all();
            for (const auto& [hash, address] : expected) {
              const std::uint64_t found = watch([&] { return watched::find_or_load(*directory, hash); });
              if (found == address) continue;
              violated(Invariant::get_is_a_state,
                       "in the end " + std::to_string(address) + " is at " + std::to_string(found));
            }
          }};
}

}  // namespace

std::vector<Workload> loading_workloads() {
  const Part loads_all = [](KeyDirectory& directory) { watch([&] { watched::load_all(directory); }); };
  const auto finds = [](std::uint64_t number, std::vector<std::uint64_t> allowed) -> Part {
    return [number, allowed = std::move(allowed)](KeyDirectory& directory) {
      expect_one_of(watch([&] { return watched::find_or_load(directory, hash_of(number)); }), allowed);
    };
  };
  const auto inserts = [](std::uint64_t hash, std::uint64_t address) -> Part {
    return [hash, address](KeyDirectory& directory) {
      watch([&] {
        watched::load(directory, hash);
        watched::insert(directory, hash, address);
      });
    };
  };
  const Part replaces = [](KeyDirectory& directory) {
    watch([&] {
      watched::load(directory, hash_of(1));
      watched::replace(directory, hash_of(1), address_of(1), address_of(1) + moved);
    });
  };
  const Part erases = [](KeyDirectory& directory) {
    watch([&] {
      watched::load(directory, hash_of(1));
      watched::erase(directory, hash_of(1), address_of(1));
    });
  };
  constexpr std::uint64_t last = split_count - 1;
  constexpr std::uint64_t new_one = hash_of(split_count);
  constexpr std::uint64_t low_one = hash_of(0) + 2;
  constexpr std::uint64_t there = moved;
  return {
      of("load_find", 3, first(3), {loads_all, finds(1, {address_of(1)})}),
      of("load_find_absent", 3, first(3), {loads_all, finds(7, {0})}),
      of("load_find_find", 2, first(3), {finds(1, {address_of(1)}), finds(2, {address_of(2)})}),
      of("load_insert", 3, first(3), {loads_all, inserts(new_one, there)}, {{new_one, there}}),
      of("load_replace", 3, first(3), {loads_all, replaces}, {{hash_of(1), address_of(1) + moved}}),
      of("load_replace_find", 2, first(3), {loads_all, replaces, finds(1, {address_of(1), address_of(1) + moved})},
         {{hash_of(1), address_of(1) + moved}}),
      of("load_erase", 3, first(3), {loads_all, erases}, {{hash_of(1), 0}}),
      of("load_erase_find", 2, first(3), {erases, finds(1, {address_of(1), 0})}, {{hash_of(1), 0}}),
      of("load_split_find", 1, first(split_count), {inserts(new_one, there), finds(last, {address_of(last)})},
         {{new_one, there}}),
      of("load_grow", 1, two_pages(), {loads_all, inserts(low_one, there)}, {{low_one, there}}),
      of("load_grow_find", 1, two_pages(), {inserts(low_one, there), finds(last, {address_of(last)})},
         {{low_one, there}}),
  };
}

}  // namespace datawal::interleave
