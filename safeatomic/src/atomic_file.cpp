#include <safeatomic/atomic_file.hpp>

#include <optional>
#include <utility>

#include <safeatomic/io.hpp>
#include <safeatomic/temporary.hpp>

#include "place.hpp"

namespace safeatomic {
namespace {

constexpr std::uint32_t private_mode = 0600;  // until the replaced file's own access is taken over
constexpr int looks_max = 16;                 // in case somebody keeps changing the target's access

/// Opens what is in the target's place, to inspect it; null if nothing is.
Result<std::unique_ptr<File>> look_at(Directory& directory, const std::string& name) {
  Result<std::unique_ptr<File>> there = directory.open_file(name, {.inspect = true});
  if (!there && there.error().code == Errc::not_found) return nullptr;
  return there;
}

}  // namespace

struct AtomicFile::State {
  State(const Settings& from, detail::Place&& where, TemporaryFile&& file) noexcept
      : settings(from), place(std::move(where)), temporary(std::move(file)) {}

  [[nodiscard]] Result<void> take_over();
  [[nodiscard]] Result<void> take_over_late_changes();

  Settings settings;
  detail::Place place;  // before what lies in it
  TemporaryFile temporary;
  std::uint64_t size = 0;
  std::unique_ptr<File> replaced{};  // null if the name was free at the last look
  std::optional<Access> taken{};     // from it
};

AtomicFile::AtomicFile(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
AtomicFile::AtomicFile(AtomicFile&&) noexcept = default;
AtomicFile& AtomicFile::operator=(AtomicFile&&) noexcept = default;
AtomicFile::~AtomicFile() = default;

Result<AtomicFile> AtomicFile::open(const std::filesystem::path& path, const Settings& settings) {
  FileSystem& file_system = detail::file_system_of(settings);
  Result<detail::Place> place = detail::open_place(file_system, path, settings.follow_symlinks);
  if (!place) return propagate(place);
  const Result<FileInfo> there = place->directory->info_of(place->name);
  if (!there && there.error().code != Errc::not_found) return propagate(there);
  if (there && there->kind != FileKind::regular) {
    return std::unexpected(Error{Errc::not_regular, "replace", place->directory->path() / place->name, 0});
  }
  const std::uint32_t mode = there ? private_mode : settings.file_mode;
  Result<TemporaryFile> temporary = TemporaryFile::create(file_system, *place->directory, mode, place->name);
  if (!temporary) return propagate(temporary);
  return AtomicFile(std::make_unique<State>(settings, std::move(*place), std::move(*temporary)));
}

Result<void> AtomicFile::write(std::string_view bytes) {
  if (!state_) return std::unexpected(Error{Errc::invalid_argument, "write to a file that was given up", {}, 0});
  const Result<void> written = write_all(state_->temporary.file(), state_->size, bytes);
  if (written) state_->size += bytes.size();
  if (!written) state_.reset();
  return written;
}

/// Gives the temporary the access of the file it will replace, and syncs it, until both hold at once.
Result<void> AtomicFile::State::take_over() {
  bool is_synced = false;
  for (int look = 1; look <= looks_max; ++look) {
    Result<std::unique_ptr<File>> there = look_at(*place.directory, place.name);
    if (!there) return propagate(there);
    replaced = std::move(*there);
    if (replaced) {
      Result<Access> access = access_of(*replaced);
      if (!access) return propagate(access);
      if (taken != *access) {
        if (const Result<void> given = temporary.take_ownership_of(*access, settings.keep_access); !given) return given;
        taken = std::move(*access);
        is_synced = false;
      }
    }
    if (is_synced) return {};
    if (const Result<void> synced = temporary.file().sync_all(); !synced) return synced;
    is_synced = true;
  }
  return std::unexpected(
      Error{Errc::io, "follow the changing permissions of", place.directory->path() / place.name, 0});
}

/// Applies what was changed between the last look and the rename: the replaced file, though nameless now, still shows it.
Result<void> AtomicFile::State::take_over_late_changes() {
  if (!replaced) return {};
  const Result<Access> access = access_of(*replaced);
  if (!access) return propagate(access);
  if (taken == *access) return {};
  if (const Result<void> given = temporary.take_ownership_of(*access, settings.keep_access); !given) return given;
  return temporary.file().sync_all();
}

Result<void> AtomicFile::commit() {
  const std::unique_ptr<State> state = std::move(state_);
  if (!state) return std::unexpected(Error{Errc::invalid_argument, "commit a file that was given up", {}, 0});
  if (const Result<void> taken = state->take_over(); !taken) return taken;
  if (const Result<void> published = state->temporary.publish_over(state->place.name); !published) return published;
  if (const Result<void> taken = state->take_over_late_changes(); !taken) return taken;
  return detail::sync_names_in(*state->place.directory, state->settings);
}

void AtomicFile::discard() noexcept { state_.reset(); }

}  // namespace safeatomic
