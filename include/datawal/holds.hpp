#pragma once
// Holds: which part of a log its consumers still need, so that its space is not freed.
//
// A consumer (a backup, a mirror, an indexer, a shipper) that has taken all records up to some txid sets a hold there, under a name of
// its own, and moves it on as it goes. Neither compaction nor retention touches a segment that holds a larger txid than the lowest
// hold. Holds lie in a file `.holds` beside the segments; a store without that file has none. They are about this directory: a
// checkpoint and what compact_to() writes have none, and removing the file removes them all.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/options.hpp>

namespace datawal {

inline constexpr std::size_t max_hold_name_len = 64;  ///< bytes
inline constexpr std::size_t max_holds = 64;          ///< of one store

/// The hold of one consumer.
struct Hold {
  std::string name{};      ///< 1 .. max_hold_name_len letters, digits, `.`, `_` or `-`, and no `-` in front
  std::uint64_t txid = 0;  ///< what lies above it is still needed; 0: everything

  friend bool operator==(const Hold&, const Hold&) = default;
};

/// For setting and dropping a hold in a store that this process need not have open.
struct HoldOptions {
  std::uint32_t file_mode = 0600;  ///< permission bits of `.holds`, before the umask, unless there is one already
  bool allow_network_filesystem = false;          ///< as OpenOptions
  safeatomic::FileSystem* file_system = nullptr;  ///< null: the operating system's; not owned
};

/// Sets the hold `name`, new or instead of the one of that name, from outside: beside a writer in this or another process, or without
/// one. On return, and after every crash from then on, each record with a larger txid that is in the log stays in it, until the hold
/// is set to that txid or a larger one, or dropped. Waits for the segment that a compaction is replacing at that instant. What is already
/// gone does not come back by a lower hold. Two syncs. Any thread.
/// @param txid  of a record that is known to be durable (RecordLogReader::durable_end), so that no loss of power gives it to another; 0:
///   hold everything
/// @return
///   invalid_argument     the name is none, there are max_holds others, no record with that txid is known to be durable, or a network
///                        filesystem
///   not_found            there is no store in `dir`
///   corruption           `.holds` is damaged; nothing was changed
///   unsupported_version  `.holds` is of a newer version; nothing was changed
///   locked               others kept changing holds, or a segment, for half a minute. The hold may be set: do it again
///   no_space, io         the hold is as it was, or set: do it again
[[nodiscard]] Result<void> hold_from(const std::filesystem::path& dir, std::string_view name, std::uint64_t txid,
                                     const HoldOptions& options = {});

/// Drops the hold `name`. Durable on return. With the last one the file goes too.
/// @return false if there is no such hold; errors as hold_from()
[[nodiscard]] Result<bool> drop_hold(const std::filesystem::path& dir, std::string_view name,
                                     const HoldOptions& options = {});

/// The holds of the store in `dir`, by name. Takes no lock and changes nothing. Any thread.
/// @return not_found if there is no such directory; corruption, unsupported_version: see hold_from(); io
[[nodiscard]] Result<std::vector<Hold>> holds_of(const std::filesystem::path& dir, const ReaderOptions& options = {});

}  // namespace datawal
