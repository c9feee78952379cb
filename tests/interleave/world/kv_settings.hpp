#pragma once
// How the stores of the workloads with keys are opened.

#include <datawal/options.hpp>

namespace datawal::interleave {

[[nodiscard]] inline OpenOptions plain(safeatomic::FileSystem& machine) {
  return {.max_segment_bytes = 1 << 16, .write_path = WritePath::append, .open_threads = 1, .file_system = &machine};
}

[[nodiscard]] inline OpenOptions indexed(safeatomic::FileSystem& machine) {
  OpenOptions options = plain(machine);
  options.index = {.is_enabled = true, .least_records = 0, .writes_in_background = false, .loads_in_background = false};
  return options;
}

}  // namespace datawal::interleave
