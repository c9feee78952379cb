#pragma once
// The file in which a follower notes its position.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <datawal/error.hpp>
#include <datawal/record.hpp>
#include <safeatomic/file_system.hpp>

#include "log/read/seen_tail.hpp"

namespace datawal::log {

/// Records that were shown before they were known to be durable. Only all of them together show whether they are still there: others
/// may have taken their places, the last one exactly where the last one was.
struct UndecidedRecords {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;   ///< of their frames
  std::uint64_t digest = 0;  ///< seen_digest() of all of them

  void add(const RecordRef& record) noexcept {
    ++count;
    bytes += record.len;
    digest = seen_digest(digest, record);
  }

  friend bool operator==(const UndecidedRecords&, const UndecidedRecords&) = default;
};

/// The position of a follower.
struct FollowerCursor {
  std::optional<RecordRef> last{};  ///< the record shown last
  std::optional<RecordRef> base{};  ///< the last one of these that was known to be durable
  UndecidedRecords undecided{};     ///< those after `base`, up to `last`
  /// Whatever is missing up to this txid was reported, or was missing when the follower began. nullopt: it is still reading the
  /// snapshot with which it began.
  std::optional<std::uint64_t> told_txid{};

  friend bool operator==(const FollowerCursor&, const FollowerCursor&) = default;
};

/// Four lines: `last PLACE` and `base PLACE`, each in the form of to_string(RecordRef), or `-` for none; `undecided COUNT BYTES DIGEST`;
/// `told TXID`, or `told -`. All numbers in decimal.
[[nodiscard]] std::string encode_follower_cursor(const FollowerCursor& cursor);
/// nullopt for anything else.
[[nodiscard]] std::optional<FollowerCursor> decode_follower_cursor(std::string_view text) noexcept;

/// @return nullopt if there is no such file; invalid_argument if it holds anything else; io
[[nodiscard]] Result<std::optional<FollowerCursor>> read_follower_cursor(safeatomic::FileSystem& file_system,
                                                                         const std::filesystem::path& file);
[[nodiscard]] Result<void> write_follower_cursor(safeatomic::FileSystem& file_system, const std::filesystem::path& file,
                                                 const FollowerCursor& cursor);

}  // namespace datawal::log
