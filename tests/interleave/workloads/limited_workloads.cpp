// An index whose memory is limited: pages are taken out, and come back, beside look-ups, changes, and the writing of its file.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "interleave/watched.hpp"
#include "interleave/workloads/directory_parts.hpp"
#include "interleave/workloads/workload.hpp"
#include "interleave/world/invariant.hpp"
#include "interleave/world/kv_world.hpp"
#include "support/memory_pages.hpp"

namespace datawal::interleave {

namespace {

using kv::KeyDirectory;

// A directory with room for one page, that has two.
struct Limited {
  Limited(std::uint64_t here, std::uint64_t there);

  std::unique_ptr<KeyDirectory> directory = std::make_unique<KeyDirectory>();
  Mutex owner{};
  std::shared_ptr<kv::SavedGeneration> saved{};  // by a part
};

using Does = std::function<void(Limited&)>;

// Those of the second page.
constexpr std::uint64_t other_hash(std::uint64_t number) noexcept { return hash_of(number) | 1ULL << 63; }
constexpr std::uint64_t other_address(std::uint64_t number) noexcept { return address_of(number) + 1000; }

Limited::Limited(std::uint64_t here, std::uint64_t there) {
  directory->limit_memory(1);
  for (std::uint64_t i = 0; i < here; ++i) directory->insert(hash_of(i), address_of(i));
  for (std::uint64_t i = 0; i < there; ++i) directory->insert(other_hash(i), other_address(i));
  if (!test::save(*directory, 1, [](auto&& work) { work(); })) {
    violated(Invariant::sound_store_has_no_error, "it cannot be saved");
  }
}

using Allowed = std::map<std::uint64_t, std::vector<std::uint64_t>>;  // addresses by hash; 0: none

// What a directory must hold that was loaded from what was saved in between.
void check_saved(const Limited& limited, const Allowed& allowed) {
  if (!limited.saved) return;
  KeyDirectory read;
  read.limit_memory(1);
  read.restore(limited.saved->directory, limited.saved->source);
  for (const auto& [hash, addresses] : allowed) {
    expect_one_of(watch([&] { return watched::find_or_load(read, hash); }), addresses);
  }
}

// `changed`: what may be found in the end, besides what was there. What was changed is there in the end; what was saved may be older.
Workload of(std::string name, int bound, std::uint64_t here, std::vector<Does> parts,
            const std::map<std::uint64_t, std::uint64_t>& changed = {}) {
  return {.name = std::move(name), .bound = bound, .body = [=] {
            Limited limited(here, 2);
            Allowed in_the_end;
            for (std::uint64_t i = 0; i < here; ++i) in_the_end[hash_of(i)] = {address_of(i)};
            for (std::uint64_t i = 0; i < 2; ++i) in_the_end[other_hash(i)] = {other_address(i)};
            Allowed at_some_time = in_the_end;
            for (const auto& [hash, address] : changed) {
              in_the_end[hash] = {address};
              if (at_some_time[hash].empty()) at_some_time[hash] = {0};
              at_some_time[hash].push_back(address);
            }
            begin_exploring();
            for (const Does& part : parts) spawn([&limited, &part] { part(limited); });
            join_all();
            for (const auto& [hash, addresses] : in_the_end) {
              expect_one_of(watch([&] { return watched::find_or_load(*limited.directory, hash); }), addresses);
            }
            check_saved(limited, at_some_time);
          }};
}

using StorePart = std::function<void(KvWorld&)>;

// The same of a store.
Workload of_store(std::string name, int bound, KvStart start, std::vector<StorePart> parts,
                  const WorldOptions& options = {}) {
  return {.name = std::move(name), .bound = bound, .body = [=] {
            KvWorld world(start, options);
            OpenOptions limited = world.small_options();
            limited.index = {.is_enabled = true,
                             .write_at_close = false,
                             .least_records = 0,
                             .writes_in_background = false,
                             .memory_limit = 1};
            world.open(limited);
            if (start == KvStart::three_segments) world.put("d", "d2");  // so that a compaction rotates
            begin_exploring();
            for (const StorePart& part : parts) spawn([&world, &part] { part(world); });
            join_all();
            world.finish();
          }};
}

}  // namespace

std::vector<Workload> limited_workloads() {
  const auto finds = [](std::uint64_t hash, std::vector<std::uint64_t> allowed) -> Does {
    return [hash, allowed = std::move(allowed)](Limited& limited) {
      expect_one_of(watch([&] { return watched::find_or_load(*limited.directory, hash); }), allowed);
    };
  };
  const Does finds_there = finds(other_hash(1), {other_address(1)});
  const Does finds_both = [](Limited& limited) {
    expect_one_of(watch([&] { return watched::find_or_load(*limited.directory, hash_of(1)); }), {address_of(1)});
    expect_one_of(watch([&] { return watched::find_or_load(*limited.directory, other_hash(1)); }), {other_address(1)});
  };
  const Does finds_either = [](Limited& limited) {
    expect_one_of(watch([&] { return watched::find_or_load(*limited.directory, hash_of(1)); }), {address_of(1)});
    expect_one_of(watch([&] { return watched::find_or_load(*limited.directory, other_hash(1)); }),
                  {other_address(1), other_address(1) + moved});
  };
  const Does replaces = [](Limited& limited) {
    watch([&] {
      watched::hold_and_replace(*limited.directory, limited.owner, hash_of(1), address_of(1), address_of(1) + moved);
    });
  };
  const Does replaces_there = [](Limited& limited) {
    watch([&] {
      watched::hold_and_replace(*limited.directory, limited.owner, other_hash(1), other_address(1),
                                other_address(1) + moved);
    });
  };
  const Does erases = [](Limited& limited) {
    watch([&] { watched::hold_and_erase(*limited.directory, limited.owner, hash_of(1), address_of(1)); });
  };
  const auto inserts = [](std::uint64_t hash) -> Does {
    return [hash](Limited& limited) {
      watch([&] { watched::hold_and_insert(*limited.directory, limited.owner, hash, moved); });
    };
  };
  const Does saves = [](Limited& limited) {
    limited.saved = watch([&] { return watched::save(*limited.directory, limited.owner); });
    if (!limited.saved) violated(Invariant::sound_store_has_no_error, "it cannot be saved");
  };
  const Does replaces_and_saves = [=](Limited& limited) {
    replaces(limited);
    saves(limited);
    finds_there(limited);
  };
  // Then there is one page too many.
  const Does replaces_both_and_saves = [=](Limited& limited) {
    replaces(limited);
    replaces_there(limited);
    saves(limited);
  };
  const auto walks = [](std::size_t count) -> Does {
    return [count](Limited& limited) {
      if (watch([&] { return watched::walk(*limited.directory, limited.owner); }) != count) {
        violated(Invariant::get_is_a_state, "a walk shows another number of entries");
      }
    };
  };
  constexpr std::uint64_t new_one = hash_of(split_count);
  const std::vector<std::uint64_t> replaced = {address_of(1), address_of(1) + moved};
  const std::map<std::uint64_t, std::uint64_t> has_replaced = {{hash_of(1), address_of(1) + moved}};
  const std::map<std::uint64_t, std::uint64_t> has_inserted = {{new_one, moved}};

  const StorePart gets_a = [](KvWorld& world) { world.get("a"); };
  const StorePart gets_b = [](KvWorld& world) { world.get("b"); };
  const StorePart gets_all = [](KvWorld& world) {
    for (const char* const key : {"a", "b", "c", "none"}) world.get(key);
  };
  const StorePart walks_all = [](KvWorld& world) { world.walk(); };
  const StorePart puts = [](KvWorld& world) { world.put("a", "a3"); };
  const StorePart puts_synced = [](KvWorld& world) { world.put("a", "a3", true); };
  const StorePart changes = [](KvWorld& world) {
    world.put("a", "a3");
    world.erase("b");
  };
  const StorePart saves_it = [](KvWorld& world) { world.save_index(); };
  const StorePart saves_twice = [](KvWorld& world) {
    world.save_index();
    world.save_index();
  };
  const StorePart compacts = [](KvWorld& world) { world.compact({.min_garbage_ratio = 0}); };
  const StorePart views = [](KvWorld& world) { world.view([&] { world.get("c"); }); };
  constexpr KvStart indexed = KvStart::indexed;
  constexpr KvStart one = KvStart::one_segment;
  const WorldOptions power{.crash = CrashAt::power_loss};
  return {
      of("evict_find", 2, 2, {finds(hash_of(1), {address_of(1)}), finds_there}),
      of("evict_find_absent", 2, 2, {finds(hash_of(7), {0}), finds_there}),
      of("evict_find_find", 1, 2, {finds_both, finds_both}),
      of("evict_replace", 1, 2, {replaces, finds_there, finds(hash_of(1), replaced)}, has_replaced),
      of("evict_replace_both", 1, 2, {finds_either, replaces_there}, {{other_hash(1), other_address(1) + moved}}),
      of("evict_erase", 1, 2, {erases, finds_there, finds(hash_of(1), {address_of(1), 0})}, {{hash_of(1), 0}}),
      of("evict_split", 1, split_count, {inserts(new_one), finds_there}, has_inserted),
      of("evict_save", 1, 2, {saves, finds_both}),
      of("evict_save_replace", 1, 2, {saves, replaces, finds_there}, has_replaced),
      of("evict_replace_save", 1, 2, {replaces_and_saves, finds(hash_of(1), replaced)}, has_replaced),
      of("evict_shrink", 1, 2, {replaces_both_and_saves, finds(hash_of(1), replaced)},
         {{hash_of(1), address_of(1) + moved}, {other_hash(1), other_address(1) + moved}}),
      of("evict_save_erase", 1, 2, {saves, erases}, {{hash_of(1), 0}}),
      of("evict_walk", 1, 2, {walks(4), finds_both}),
      of("evict_walk_save", 1, 2, {walks(4), saves, finds(hash_of(1), {address_of(1)})}),
      of_store("limit_get", 1, indexed, {gets_all, gets_b}),
      of_store("limit_put", 2, indexed, {puts, gets_a}),
      of_store("limit_change", 1, indexed, {changes, gets_all}),
      of_store("limit_walk", 1, indexed, {changes, walks_all}),
      of_store("limit_view", 1, indexed, {changes, views}),
      of_store("limit_compact", 1, indexed, {compacts, gets_all}),
      of_store("limit_save_change", 1, one, {changes, saves_it, gets_a}),
      of_store("limit_save_get", 1, indexed, {saves_twice, gets_all}),
      of_store("limit_save_compact", 0, one, {compacts, saves_it, gets_b}),
      of_store("limit_save_power", 1, one, {puts_synced, saves_it}, power),
  };
}

}  // namespace datawal::interleave
