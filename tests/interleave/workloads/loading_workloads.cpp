// Pages of the index that lie in a file: loaded beside look-ups, changes, and each other.

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

// `count` entries lie in a file when the parts begin; all of them and what `added` says are there when they have ended.
Workload of(std::string name, int bound, std::uint64_t count, std::vector<Part> parts,
            std::vector<std::pair<std::uint64_t, std::uint64_t>> changed = {}) {
  return {.name = std::move(name), .bound = bound, .body = [=] {
            const auto directory = std::make_unique<KeyDirectory>();
            {
              KeyDirectory before;
              for (std::uint64_t i = 0; i < count; ++i) before.insert(hash_of(i), address_of(i));
              Saved saved = save(before);
              directory->restore(std::move(saved.directory), std::move(saved.pages));
            }
            begin_exploring();
            for (const Part& part : parts) spawn([&directory, &part] { part(*directory); });
            join_all();
            std::vector<std::uint64_t> expected;
            for (std::uint64_t i = 0; i < count; ++i) expected.push_back(address_of(i));
            for (const auto& [number, address] : changed) {
              if (number >= expected.size()) expected.resize(number + 1);
              expected[number] = address;
            }
            for (std::uint64_t i = 0; i < expected.size(); ++i) {
              const std::uint64_t found = watch([&] { return watched::find_or_load(*directory, hash_of(i)); });
              if (found == expected[i]) continue;
              violated(Invariant::get_is_a_state,
                       "in the end " + std::to_string(i) + " is at " + std::to_string(found));
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
  const auto inserts = [](std::uint64_t number) -> Part {
    return [number](KeyDirectory& directory) {
      watch([&] {
        watched::load(directory, hash_of(number));
        watched::insert(directory, hash_of(number), address_of(number));
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
  return {
      of("load_find", 3, 3, {loads_all, finds(1, {address_of(1)})}),
      of("load_find_absent", 3, 3, {loads_all, finds(7, {0})}),
      of("load_find_find", 2, 3, {finds(1, {address_of(1)}), finds(2, {address_of(2)})}),
      of("load_insert", 3, 3, {loads_all, inserts(3)}, {{3, address_of(3)}}),
      of("load_replace", 3, 3, {loads_all, replaces}, {{1, address_of(1) + moved}}),
      of("load_replace_find", 2, 3, {loads_all, replaces, finds(1, {address_of(1), address_of(1) + moved})},
         {{1, address_of(1) + moved}}),
      of("load_erase", 3, 3, {loads_all, erases}, {{1, 0}}),
      of("load_erase_find", 2, 3, {erases, finds(1, {address_of(1), 0})}, {{1, 0}}),
      of("load_split", 1, split_count, {loads_all, inserts(split_count)}, {{split_count, address_of(split_count)}}),
      of("load_split_find", 1, split_count, {inserts(split_count), finds(last, {address_of(last)})},
         {{split_count, address_of(split_count)}}),
      of("load_two_pages", 1, split_count + 1, {loads_all, inserts(split_count + 1), finds(last, {address_of(last)})},
         {{split_count + 1, address_of(split_count + 1)}}),
  };
}

}  // namespace datawal::interleave
