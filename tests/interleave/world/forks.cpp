// What a forked child finds in the handles that it has from its parent.

#include <string>

#include "interleave/world/kv_world.hpp"
#include "interleave/world/log_world.hpp"

namespace datawal::interleave {

namespace {

template <class T>
bool is_closed(const Result<T>& result) {
  return !result && result.error().code == Errc::closed;
}

}  // namespace

void KvWorld::fork() {
  fork_alone([this]() -> std::string {
    const std::uint64_t changes = machine().change_count();
    if (!is_closed(watch([&] { return store_->get("a"); }))) return "get does not say that it is closed";
    if (!is_closed(watch([&] { return store_->put("a", "of the child"); })))
      return "put does not say that it is closed";
    if (!is_closed(watch([&] { return store_->compact({}); }))) return "compact does not say that it is closed";
    if (!is_closed(watch([&] { return store_->view(); }))) return "view does not say that it is closed";
    if (!is_closed(watch([&] { return store_->fsync(); }))) return "fsync does not say that it is closed";
    if (!is_closed(watch([&] { return store_->checkpoint("of the child"); })))
      return "checkpoint does not say that it is closed";
    if (!is_closed(watch([&] { return store_->compact_to("of the child"); })))
      return "compact_to does not say that it is closed";
    if (watch([&] { return store_->size(); }) != 0) return "there are keys";
    (void)watch([&] { return store_->close(); });
    watch([&] { store_.reset(); });
    return machine().change_count() == changes ? "" : "the child has changed the store";
  });
}

void LogWorld::fork() {
  fork_alone([this]() -> std::string {
    const std::uint64_t changes = machine().change_count();
    if (!is_closed(watch([&] { return log_->append("of the child."); })))
      return "append does not say that it is closed";
    if (!is_closed(watch([&] { return log_->fsync(); }))) return "fsync does not say that it is closed";
    if (!is_closed(watch([&] { return log_->rotate(); }))) return "rotate does not say that it is closed";
    if (!is_closed(watch([&] { return log_->stats(); }))) return "stats does not say that it is closed";
    if (!is_closed(watch([&] { return log_->checkpoint("of the child"); })))
      return "checkpoint does not say that it is closed";
    if (!is_closed(watch([&] { return log_->drop_segments_before(2); })))
      return "drop_segments_before does not say that it is closed";
    (void)watch([&] { return log_->close(); });
    watch([&] { log_.reset(); });
    return machine().change_count() == changes ? "" : "the child has changed the log";
  });
}

}  // namespace datawal::interleave
