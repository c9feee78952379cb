#pragma once
// When a persisted index is worth being written.

#include <cstdint>

namespace datawal::kv {

/// @param tail_records   records that the next open would have to read without it
/// @param least_records  fewer are never worth it
/// @param index_bytes    about as much would be written
[[nodiscard]] constexpr bool is_worth_writing(std::uint64_t tail_records, std::uint64_t least_records,
                                              std::uint64_t index_bytes) noexcept {
  constexpr std::uint64_t always_worth_it = 64ULL << 20;
  // Replaying a record takes some 280 ns, writing a byte some 1.3 ns: at most ten times the replay that it saves.
  constexpr std::uint64_t bytes_per_record = 2000;
  return tail_records > least_records &&
         (index_bytes <= always_worth_it || index_bytes / bytes_per_record <= tail_records);
}

}  // namespace datawal::kv
