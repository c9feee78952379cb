#pragma once
// What a process takes of the machine, and a store of the disk.

#include <cstdint>
#include <filesystem>

namespace datawal::soak {

[[nodiscard]] std::uint64_t resident_kib();
[[nodiscard]] std::uint64_t open_descriptors();
[[nodiscard]] std::uint64_t disk_bytes(const std::filesystem::path& dir);

}  // namespace datawal::soak
