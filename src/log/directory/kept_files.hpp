#pragma once
// Files that are kept open so that they can be read faster, or after they lose their names: never so many that the program, or
// another reader in it, runs out of descriptors.

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

/// `file`, counted as long as the result lives; null if no more may be kept. Any thread.
[[nodiscard]] std::shared_ptr<safeatomic::File> keep_open(std::shared_ptr<safeatomic::File> file);

/// True if that is the error of a process, or a system, without a free descriptor.
[[nodiscard]] bool is_out_of_descriptors(int os_errno) noexcept;

}  // namespace datawal::log
