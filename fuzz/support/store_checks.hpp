#pragma once
// What must hold of a store, each against the reference: shared by the targets that make directories.

#include <filesystem>
#include <vector>

#include <datawal/datawal.hpp>

#include "support/reference_recovery.hpp"

namespace datawal::fuzz {

/// The log holds these records, in this order, at these places; each can be read by its place.
void require_records(const RecordLog& log, const std::vector<ReferenceRecord>& want);

/// A reader's cursor and verify() give the valid prefix and then what the table says. With a lock that cannot be asked the
/// reader takes the end for a writer's.
void check_readers(const std::filesystem::path& store, const Prediction& want, bool lock_can_be_asked);

/// It was refused, with the code and the place that the table says.
void require_refused(const Result<RecordLog>& opened, const Prediction& want);

/// repair() makes a store of the valid prefix, keeps every byte that it cuts, and gives no txid out again.
void require_repair(const std::filesystem::path& store, const Image& before, const Prediction& want,
                    const OpenOptions& options);

/// Keys and values are the fold of `records`, also in a compacted copy at `copy`.
void require_projection(const std::filesystem::path& store, const std::vector<ReferenceRecord>& records,
                        const OpenOptions& options, const std::filesystem::path& copy);

/// Of each txid, the first record in `source` that has it is among `found`.
void require_contains_prefix(const std::vector<ReferenceRecord>& found, const std::vector<ReferenceRecord>& source);

/// Each record of `found` is one of the segments' whole records, and none lies inside a record of `prefix` alone.
void require_none_from_inside(const std::vector<ReferenceRecord>& found, const Image& image,
                              const std::vector<ReferenceRecord>& prefix);

}  // namespace datawal::fuzz
