#pragma once
// The inside of RecordLog's handle, for the layer above, which opens logs its own way.

#include <memory>
#include <utility>

#include <datawal/record_log.hpp>

#include "log/write/log_core.hpp"

namespace datawal {

struct [[gnu::visibility("hidden")]] RecordLog::Impl {
  std::unique_ptr<log::LogCore> core;
};

/// The way around RecordLog::open.
struct RecordLogAccess {
  [[nodiscard]] static RecordLog wrap(std::unique_ptr<log::LogCore> core) {
    return RecordLog(std::make_unique<RecordLog::Impl>(std::move(core)));
  }
  /// A handle as if moved from.
  [[nodiscard]] static RecordLog none() noexcept { return RecordLog(nullptr); }
};

}  // namespace datawal
