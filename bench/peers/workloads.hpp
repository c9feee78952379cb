#pragma once
// What every contender is put through. Each adds its samples to the report, contender by contender, repetition by repetition, so
// that a slow minute of the machine falls on all of them.

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "report.hpp"
#include "store.hpp"

namespace bench {

/// How much of everything.
struct Plan {
  std::filesystem::path scratch;  ///< an empty directory on the disk to be measured
  int repetitions = 3;
  double write_s = 0.25;  ///< each write measurement ends after this time,
  double put_s = 1.5;
  double synced_s = 0.8;
  double read_s = 0.4;
  std::size_t keys = 1'000'000;
  std::size_t many_keys = 10'000'000;
};

using Contenders = std::vector<Contender>;

/// `count` distinct keys of 16 bytes, one behind the other: hexadecimal digits, in random order or ascending. Those of another
/// `family` are other ones.
[[nodiscard]] std::string make_keys(std::size_t count, unsigned family, bool ascending = false);
inline constexpr std::size_t key_len = 16;
inline constexpr std::size_t value_len = 100;
/// A value that looks like text; the same for all.
[[nodiscard]] const std::string& value();

void measure_appends(const Plan& plan, const Contenders& all, Report& report);
void measure_puts(const Plan& plan, const Contenders& all, Report& report);
void measure_synced_puts(const Plan& plan, const Contenders& all, Report& report);
/// Fills the stores that the following two read: `store_path`.
void fill_stores(const Plan& plan, const Contenders& all);
void measure_reads(const Plan& plan, const Contenders& all, Report& report);
void measure_reopening(const Plan& plan, const Contenders& all, Report& report);
/// compact_to, export and memory, which the others have nothing to set against.
void measure_datawal_alone(const Plan& plan, Report& report);

/// What a child of measure_reopening() does: opens, and says how long it took. @return exit status
int reopen_in_child(const Contenders& all, std::span<char* const> arguments);

/// The contenders that keep keys and are no mere variant in writing; each has a full store of its own.
[[nodiscard]] Contenders readers_of(const Contenders& all);
[[nodiscard]] std::filesystem::path store_path(const Plan& plan, const Contender& contender);

}  // namespace bench
