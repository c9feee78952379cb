#pragma once
// Files that are kept open to be read after they lose their names, or faster: never so many that the program, or another
// reader in it, runs out of descriptors.

#include <cstddef>
#include <memory>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

namespace datawal::log {

/// How many files the stores and readers of this process keep open together, besides the few that each needs: a quarter of
/// what the process may have open (RLIMIT_NOFILE) now.
[[nodiscard]] std::size_t max_kept_files() noexcept;

/// How many of them are kept now.
[[nodiscard]] std::size_t kept_file_count() noexcept;

/// `file`, counted while the result is held; null if no more may be kept. Any thread.
[[nodiscard]] std::shared_ptr<safeatomic::File> keep_open(std::shared_ptr<safeatomic::File> file);

/// True if it failed because this process, or the system, has no descriptor left.
[[nodiscard]] bool is_out_of_descriptors(int os_errno) noexcept;

}  // namespace datawal::log
