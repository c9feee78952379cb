#pragma once
// Every run of whole frames in a part of a segment, whatever it is part of.

#include <cstdint>
#include <vector>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "segment/runs.hpp"

namespace datawal::segment {

/// A run, and what is known of what follows it.
struct CandidateRun {
  Run run{};
  bool is_anchored = false;  ///< it reaches the end of the data, or ends where a torn record begins that does
};

/// All runs that begin in [begin, end), by their begin; frames may overlap, so that one run lies inside another. Does not look
/// into the frames of a run that has become long. Of more than `max_runs` the longest are kept.
/// @param data_end  behind the last byte that is not zero
[[nodiscard]] Result<std::vector<CandidateRun>> list_runs(safeatomic::File& file, std::uint64_t begin,
                                                          std::uint64_t end, std::uint64_t data_end, CrcWork& work);

}  // namespace datawal::segment
