#pragma once
// The file in which a follower notes how far it has come.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <datawal/error.hpp>
#include <datawal/record.hpp>
#include <safeatomic/file_system.hpp>

namespace datawal {

/// Where a follower is.
struct FollowerCursor {
  std::optional<RecordRef> last{};  ///< the record that was shown last
  std::optional<RecordRef> base{};  ///< the last one of these that was known to be durable

  friend bool operator==(const FollowerCursor&, const FollowerCursor&) = default;
};

/// Two lines, `last PLACE` and `base PLACE`, each in the form of to_string(RecordRef), or `-` for none.
[[nodiscard]] std::string encode_follower_cursor(const FollowerCursor& cursor);
/// nullopt for anything else than that.
[[nodiscard]] std::optional<FollowerCursor> decode_follower_cursor(std::string_view text) noexcept;

/// @return nullopt if there is no such file; invalid_argument if it holds anything else; io
[[nodiscard]] Result<std::optional<FollowerCursor>> read_follower_cursor(safeatomic::FileSystem& file_system,
                                                                         const std::filesystem::path& file);
[[nodiscard]] Result<void> write_follower_cursor(safeatomic::FileSystem& file_system, const std::filesystem::path& file,
                                                 const FollowerCursor& cursor);

}  // namespace datawal
