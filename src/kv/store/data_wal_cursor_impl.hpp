#pragma once
// The inside of a DataWalCursor.

#include <datawal/data_wal_cursor.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fork_guard.hpp"
#include "kv/projection/key_range.hpp"
#include "kv/projection/live_view.hpp"

namespace datawal {

struct [[gnu::visibility("hidden")]] DataWalCursor::Impl {
  std::shared_ptr<const kv::LiveView> live;  // in the order that is wanted
  CursorOptions options;
  kv::KeyRange range{options};
  std::size_t place = 0;  // of the next record
  std::string buffer{};
  std::optional<Error> error{};
  ForkGuard process{};

  [[nodiscard]] Result<std::optional<KeyValue>> next();
  [[nodiscard]] Result<void> seek(std::string_view key);
};

namespace kv {

/// `live`, shared by cursors. In a forked child it is never freed, since another thread may have been changing it.
[[nodiscard]] std::shared_ptr<const LiveView> share(LiveView live);

/// Over a view that is in the order of `options`.
[[nodiscard]] Result<DataWalCursor> cursor_over(std::shared_ptr<const LiveView> live, const CursorOptions& options);

/// Over a view of its own, in log order.
[[nodiscard]] Result<DataWalCursor> cursor_over(LiveView live, const CursorOptions& options);

/// All keys that a cursor shows.
[[nodiscard]] Result<std::vector<std::string>> keys_of(DataWalCursor& cursor);

/// Shows them and their values to `visit`, until it returns false.
[[nodiscard]] Result<void> visit_all(DataWalCursor& cursor,
                                     const std::function<bool(std::string_view key, std::string_view value)>& visit);

}  // namespace kv

}  // namespace datawal
