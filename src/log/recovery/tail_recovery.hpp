#pragma once
// What recovery does to the active segment, once its verdict stands.

#include <cstdint>
#include <memory>

#include <datawal/error.hpp>
#include <datawal/options.hpp>
#include <datawal/recovery_report.hpp>
#include <safeatomic/file_system.hpp>

#include "log/read/log_scanner.hpp"

namespace datawal::log {

/// Quarantines a torn tail, cuts it off, writes again what was not proven to be on the disk, and syncs. Each step may be
/// cut short by a crash and run again. Fills in `quarantine_path`.
/// @return the segment, open for writing, ending where its valid prefix ends
[[nodiscard]] Result<std::unique_ptr<safeatomic::File>> recover_tail(
    safeatomic::FileSystem& file_system, safeatomic::Directory& directory, const OpenOptions& options, std::uint32_t id,
    const ScanEnd& end, const WatermarkCheck& watermark, RecoveryReport& report);

/// Puts a copy of the first `len` bytes in the place of segment `id`, which other names may share and which is therefore not
/// changed itself. Durable on return, its name too.
[[nodiscard]] Result<std::unique_ptr<safeatomic::File>> replace_by_prefix(safeatomic::FileSystem& file_system,
                                                                          safeatomic::Directory& directory,
                                                                          std::uint32_t id, safeatomic::File& file,
                                                                          std::uint64_t len);

}  // namespace datawal::log
