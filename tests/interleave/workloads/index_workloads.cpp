// The index alone: look-ups beside the one that writes.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "interleave/watched.hpp"
#include "interleave/workloads/directory_parts.hpp"
#include "interleave/workloads/workload.hpp"

namespace datawal::interleave {

namespace {

using kv::KeyDirectory;
Part finds(std::uint64_t number, std::vector<std::uint64_t> allowed) {
  return [=](KeyDirectory& directory) {
    expect_one_of(watch([&] { return watched::find(directory, hash_of(number)); }), allowed);
  };
}

Workload of(std::string name, int bound, std::uint64_t count, std::vector<Part> parts) {
  return {.name = std::move(name), .bound = bound, .body = [=] {
            const auto directory = std::make_unique<KeyDirectory>();
            for (std::uint64_t i = 0; i < count; ++i) directory->insert(hash_of(i), address_of(i));
            begin_exploring();
            for (const Part& part : parts) spawn([&directory, &part] { part(*directory); });
            join_all();
          }};
}

}  // namespace

std::vector<Workload> index_workloads() {
  const Part inserts = [](KeyDirectory& directory) {
    watch([&] { watched::insert(directory, hash_of(split_count), address_of(split_count)); });
  };
  // Into the half that stays, so that nothing but the table leads to the one that moves.
  const Part inserts_low = [](KeyDirectory& directory) {
    watch([&] { watched::insert(directory, hash_of(0) + 1, address_of(split_count)); });
  };
  const Part replaces = [](KeyDirectory& directory) {
    watch([&] { watched::replace(directory, hash_of(1), address_of(1), address_of(1) + moved); });
  };
  const Part erases = [](KeyDirectory& directory) {
    watch([&] { watched::erase(directory, hash_of(1), address_of(1)); });
  };
  const Part erases_and_inserts = [](KeyDirectory& directory) {
    watch([&] { watched::erase(directory, hash_of(1), address_of(1)); });
    watch([&] { watched::insert(directory, hash_of(1), address_of(1) + moved); });
  };
  constexpr std::uint64_t last = split_count - 1;
  return {
      of("index_insert", 3, 2, {inserts, finds(split_count, {0, address_of(split_count)})}),
      of("index_replace", 3, 3, {replaces, finds(1, {address_of(1), address_of(1) + moved})}),
      of("index_erase", 3, 3, {erases, finds(1, {address_of(1), 0})}),
      of("index_erase_other", 3, 3, {erases, finds(2, {address_of(2)})}),
      of("index_put_again", 3, 3, {erases_and_inserts, finds(1, {address_of(1), 0, address_of(1) + moved})}),
      of("index_split", 1, split_count, {inserts, finds(last, {address_of(last)})}),
      of("index_split_other", 1, split_count, {inserts_low, finds(last, {address_of(last)})}),
      of("index_split_first", 1, split_count, {inserts, finds(0, {address_of(0)})}),
  };
}

}  // namespace datawal::interleave
