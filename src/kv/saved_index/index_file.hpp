#pragma once
// Reading `.index`, all but its pages.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <datawal/error.hpp>
#include <datawal/recovery_report.hpp>
#include <safeatomic/file_system.hpp>

#include "kv/index/saved_pages.hpp"
#include "kv/saved_index/index_format.hpp"
#include "log/read/snapshot.hpp"
#include "log/saved/saved_file.hpp"

namespace datawal::kv {

/// A persisted index whose metadata is sound: every number in it lies within its bounds, and agrees with the others.
struct SavedIndex : log::SavedLog {
  SavedDirectory directory{};
  std::shared_ptr<safeatomic::File> file{};
  std::uint64_t file_size = 0;
};

/// What there is by the name of `.index`.
struct IndexLook {
  IndexState state = IndexState::absent;  ///< `used` if it is sound
  std::string reason{};                   ///< why it is not
  std::optional<SavedIndex> index{};      ///< if it is sound
  std::uint64_t bytes = 0;                ///< of the file
};

/// Reads it, if it names as many segments as the snapshot has up to the one of P. Takes memory in proportion to what is really in the
/// file, and to those segments. Changes nothing. Throws std::bad_alloc.
[[nodiscard]] IndexLook read_index(const log::Snapshot& snapshot);

}  // namespace datawal::kv
