#include "log/maintenance/holds.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <datawal/segment.hpp>

#include "base/io_error.hpp"
#include "format/holds.hpp"
#include "log/directory/hold_gate.hpp"
#include "log/directory/holds_file.hpp"
#include "log/directory/store_directory.hpp"
#include "log/directory/watermark_file.hpp"

namespace datawal {

namespace log {

namespace {

using safeatomic::Directory;

std::unexpected<Error> refuse(const Directory& directory, std::string detail) {
  return std::unexpected(Error{
      .code = Errc::invalid_argument, .action = "set hold", .path = directory.path(), .detail = std::move(detail)});
}

Result<void> refuse_name(const Directory& directory, std::string_view name) {
  if (format::is_hold_name(name)) return {};
  return refuse(directory, "a hold's name is 1 to 64 letters, digits, '.', '_' or '-', and does not begin with a '-'");
}

// Written again even if it is the same: the one who set it may have failed to sync its name, and then another sync alone proves nothing.
Result<bool> put(const Directory& directory, std::vector<Hold>& holds, std::string_view name, std::uint64_t txid) {
  const auto at = std::ranges::lower_bound(holds, name, {}, &Hold::name);
  if (at != holds.end() && at->name == name) {
    at->txid = txid;
    return true;
  }
  if (holds.size() == max_holds) {
    return refuse(directory, "the store has " + std::to_string(max_holds) + " holds already: drop one first");
  }
  holds.insert(at, Hold{.name = std::string(name), .txid = txid});
  return true;
}

bool take_out(std::vector<Hold>& holds, std::string_view name) {
  return std::erase_if(holds, [name](const Hold& hold) { return hold.name == name; }) != 0;
}

// The txid up to which a sync has succeeded, by the watermark; 0 if the watermark names no file that is there.
Result<std::uint64_t> durable_txid_in(Directory& directory) {
  const Result<std::optional<format::Watermark>> watermark = read_watermark(directory);
  if (!watermark) return propagate(watermark);
  if (!*watermark) return 0;
  const safeatomic::Result<safeatomic::FileInfo> info = directory.info_of(segment::filename((*watermark)->segment));
  if (!info && info.error().code != safeatomic::Errc::not_found) return io_failure(info, "inspect segment");
  return info && info->inode == (*watermark)->inode ? (*watermark)->txid : 0;
}

Result<void> refuse_what_is_not_durable(Directory& directory, std::uint64_t txid) {
  if (txid == 0) return {};
  const Result<std::uint64_t> durable = durable_txid_in(directory);
  if (!durable) return propagate(durable);
  if (txid <= *durable) return {};
  return refuse(directory, "txid " + std::to_string(txid) + " is not known to be durable, only those up to " +
                               std::to_string(*durable) + ": another record may get it yet");
}

struct Opened {
  safeatomic::FileSystem& file_system;
  std::unique_ptr<Directory> directory;
};

Result<Opened> open_to_change(const std::filesystem::path& dir, std::string_view name, const HoldOptions& options) {
  safeatomic::FileSystem& file_system = file_system_of(options.file_system);
  Result<std::unique_ptr<Directory>> directory = open_store_directory(file_system, dir);
  if (!directory) return propagate(directory);
  if (Result<void> named = refuse_name(**directory, name); !named) return propagate(named);
  const OpenOptions opening{.file_mode = options.file_mode,
                            .allow_network_filesystem = options.allow_network_filesystem};
  if (Result<void> sensible = refuse_options(opening); !sensible) return propagate(sensible);
  if (Result<void> local = refuse_network(**directory, opening); !local) return propagate(local);
  if (Result<void> there = refuse_mode(**directory, OpenMode::must_exist); !there) return propagate(there);
  return Opened{file_system, std::move(*directory)};
}

HoldsChange with_own_sync(Directory& directory, std::function<Result<bool>(std::vector<Hold>&)> apply) {
  return {.apply = std::move(apply), .sync_names = [&directory]() -> Result<void> {
            if (safeatomic::Result<void> synced = directory.sync(); !synced) {
              return io_failure(synced, "sync directory");
            }
            return {};
          }};
}

Result<bool> change(LogCore& core, std::function<Result<bool>(std::vector<Hold>&)> apply) {
  const OpenOptions& options = core.options();
  return change_holds(file_system_of(options.file_system), *core.directory(), options.file_mode,
                      {.apply = std::move(apply), .sync_names = [&core] { return core.sync_names(); }});
}

}  // namespace

Result<void> hold_from(LogCore& core, std::string_view name, std::uint64_t txid) {
  if (Result<void> usable = core.refuse_unusable(); !usable) return usable;
  const Directory& directory = *core.directory();
  if (Result<void> named = refuse_name(directory, name); !named) return named;
  if (txid > core.last_txid()) {
    return refuse(directory, "there is no record with txid " + std::to_string(txid) + " yet: the newest has " +
                                 std::to_string(core.last_txid()));
  }
  if (txid > core.durable_txid()) {
    if (Result<void> synced = core.fsync(); !synced) return synced;
  }
  // Whatever this process is about to free waits for this, and then heeds it.
  const Locked maintenance(core.sealed_segments().maintenance_mutex());
  const Result<bool> done = change(core, [&](std::vector<Hold>& holds) { return put(directory, holds, name, txid); });
  if (!done) return propagate(done);
  return {};
}

Result<bool> drop_hold(LogCore& core, std::string_view name) {
  if (Result<void> usable = core.refuse_unusable(); !usable) return propagate(usable);
  if (Result<void> named = refuse_name(*core.directory(), name); !named) return propagate(named);
  const Locked maintenance(core.sealed_segments().maintenance_mutex());
  return change(core, [name](std::vector<Hold>& holds) -> Result<bool> { return take_out(holds, name); });
}

Result<std::vector<Hold>> holds_of(const LogCore& core) {
  if (Result<void> usable = core.refuse_unusable(); !usable) return propagate(usable);
  return read_holds(*core.directory());
}

}  // namespace log

Result<void> hold_from(const std::filesystem::path& dir, std::string_view name, std::uint64_t txid,
                       const HoldOptions& options) {
  Result<log::Opened> store = log::open_to_change(dir, name, options);
  if (!store) return propagate(store);
  safeatomic::Directory& directory = *store->directory;
  if (Result<void> durable = log::refuse_what_is_not_durable(directory, txid); !durable) return durable;
  const Result<bool> done = log::change_holds(
      store->file_system, directory, options.file_mode,
      log::with_own_sync(directory, [&](std::vector<Hold>& holds) { return log::put(directory, holds, name, txid); }));
  if (!done) return propagate(done);
  return log::wait_for_gates(directory);
}

Result<bool> drop_hold(const std::filesystem::path& dir, std::string_view name, const HoldOptions& options) {
  Result<log::Opened> store = log::open_to_change(dir, name, options);
  if (!store) return propagate(store);
  return log::change_holds(store->file_system, *store->directory, options.file_mode,
                           log::with_own_sync(*store->directory, [name](std::vector<Hold>& holds) -> Result<bool> {
                             return log::take_out(holds, name);
                           }));
}

Result<std::vector<Hold>> holds_of(const std::filesystem::path& dir, const ReaderOptions& options) {
  Result<std::unique_ptr<safeatomic::Directory>> directory = log::open_store_directory(
      log::file_system_of(options.file_system), dir);
  if (!directory) return propagate(directory);
  return log::read_holds(**directory);
}

}  // namespace datawal
