#pragma once
// The operations of the seam, by name.

#include <cstdint>
#include <string>
#include <string_view>

namespace safeatomic::sim {

/// One per function of the seam.
enum class OpKind : std::uint8_t {
  // FileSystem
  open_root,
  random,
  // Directory
  open_file,
  open_directory,
  open_parent,
  make_directory,
  list,
  directory_info,
  info_of,
  link,
  rename,
  unlink,
  remove_directory,
  sync_directory,
  sync_file_system,
  lock_directory,
  unlock_directory,
  is_network,
  reserves_for_good,
  read_link,
  // File
  read,
  write,
  append,
  truncate,
  reserve,
  sync_data,
  sync_all,
  start_writeback,
  file_info,
  next_data,
  map,
  copy_ownership,
  access_control_list,
  set_access_control_list,
  lock_file,
  unlock_file,
  is_locked,
  // Mapping
  map_write,
  populate,
  prefer_huge_pages,
};

[[nodiscard]] std::string_view to_string(OpKind kind) noexcept;

/// Whether the operation changes a file, a directory or what is durable of them. `open_file` is not among them, although it
/// may make a file.
[[nodiscard]] bool is_change(OpKind kind) noexcept;

/// One operation that is about to happen. Its views are valid while the hook runs.
struct Operation {
  OpKind kind = OpKind::open_root;  ///< which one
  std::string_view directory = {};  ///< path of the directory or, for operations on a file, of that file
  std::string_view name = {};       ///< in that directory
  std::string_view target = {};     ///< the new name of `link` and `rename`
  std::uint64_t offset = 0;         ///< of reads, writes and mappings; the size that `truncate` sets
  std::uint64_t size = 0;           ///< bytes
  std::uint64_t ordinal = 0;        ///< 1 for the first operation on the machine
};

/// "write 00000001.dwal 512+80", "rename .tmp -> x": for people; the random digits of temporaries are left out.
[[nodiscard]] std::string describe(const Operation& op);

}  // namespace safeatomic::sim
