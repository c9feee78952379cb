#include "crash/mutants.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <datawal/format.hpp>
#include <datawal/segment.hpp>
#include <safeatomic/temporary.hpp>

#include "crash/mutant_file_system.hpp"
#include "crash/naive_scenario.hpp"
#include "crash/workloads.hpp"
#include "format/watermark.hpp"

namespace datawal::crash {

namespace {

using safeatomic::Directory;
using safeatomic::File;
using safeatomic::OpenMode;
using safeatomic::Result;

bool is_segment(std::string_view name) { return segment::parse_filename(name).has_value(); }

void write_watermark(Directory& directory, const format::Watermark& watermark) {
  const Result<std::unique_ptr<File>> file = directory.open_file(".watermark", {.write = true, .create = true});
  if (!file) return;
  const std::array<char, format::watermark_len> bytes = format::encode_watermark(watermark);
  const std::string_view part(bytes.data(), bytes.size());
  (void)(*file)->write_at(0, std::span(&part, 1));
}

struct SkipsDirectorySyncs : Mutation {
  Result<void> sync_directory(Directory&) override { return {}; }
};

struct SkipsParentSyncs : Mutation {
  Result<void> sync_directory(Directory& directory) override {
    return directory.path().filename() == ".." ? Result<void>() : directory.sync();
  }
};

struct AcknowledgesBeforeSync : Mutation {
  Result<void> sync_data(File&, std::string_view) override { return {}; }
};

/// The quarantine file has its name only in memory when the tail is cut.
struct CutsBeforeQuarantine : Mutation {
  Result<void> link(Directory& from, std::string_view name, Directory& target, std::string_view new_name) override {
    is_named = true;
    return from.link(name, target, new_name);
  }
  Result<void> rename(Directory& from, std::string_view name, Directory& target, std::string_view new_name,
                      safeatomic::RenameMode mode) override {
    is_named = true;
    return from.rename(name, target, new_name, mode);
  }
  Result<void> sync_directory(Directory& directory) override {
    if (std::exchange(is_named, false)) return {};
    return directory.sync();
  }
  bool is_named = false;
};

struct QuarantinesWithoutSync : Mutation {
  Result<void> sync_all(File&, std::string_view) override { return {}; }
};

/// The old segment is synced only behind the name of the new one.
struct SyncsNewBeforeOld : Mutation {
  Result<void> sync_data(File& file, std::string_view name) override {
    if (!is_segment(name)) return file.sync_data();
    late = &file;
    return {};
  }
  Result<void> sync_directory(Directory& directory) override {
    Result<void> synced = directory.sync();
    if (late != nullptr && synced) synced = late->sync_data();
    late = nullptr;
    return synced;
  }
  File* late = nullptr;
};

/// The name of the new segment is made before the old one is synced.
struct CreatesBeforeSync : Mutation {
  Result<std::unique_ptr<File>> open_file(Directory& directory, std::string_view name, const OpenMode& how) override {
    store = &directory;
    const bool is_ready = how.exclusive && name == ready_name;
    return directory.open_file(name,
                               {.write = how.write, .create = how.create, .exclusive = how.exclusive && !is_ready});
  }
  Result<void> sync_data(File& file, std::string_view name) override {
    if (const std::optional<std::uint32_t> id = segment::parse_filename(name)) {
      ready_name = segment::filename(*id + 1);
      (void)store->open_file(ready_name, {.write = true, .create = true});
    }
    return file.sync_data();
  }
  Directory* store = nullptr;
  std::string ready_name;
};

/// What is written again with the bytes it has is not written.
struct SkipsTheRewrite : Mutation {
  Result<std::size_t> write(File& file, std::string_view name, std::uint64_t offset, Parts parts) override {
    if (is_segment(name) && parts.size() == 1) {
      std::string there(parts.front().size(), '\0');
      const Result<std::size_t> got = file.read_at(offset, there);
      if (got && *got == there.size() && there == parts.front()) return there.size();
    }
    return file.write_at(offset, parts);
  }
};

/// A failed write is taken back, but not for good.
struct LeavesRollbackUnsynced : Mutation {
  Result<std::size_t> write(File& file, std::string_view name, std::uint64_t offset, Parts parts) override {
    Result<std::size_t> written = file.write_at(offset, parts);
    if (!written && is_segment(name)) has_failed = true;
    return written;
  }
  Result<void> sync_data(File& file, std::string_view) override {
    if (std::exchange(has_failed, false)) return {};
    return file.sync_data();
  }
  bool has_failed = false;
};

struct WritesWatermarkBeforeTheName : Mutation {
  Result<std::unique_ptr<File>> open_file(Directory& directory, std::string_view name, const OpenMode& how) override {
    Result<std::unique_ptr<File>> file = directory.open_file(name, how);
    const std::optional<std::uint32_t> id = segment::parse_filename(name);
    if (file && how.exclusive && id && *id > 1) {
      const Result<safeatomic::FileInfo> info = (*file)->info();
      write_watermark(directory, {.segment = *id, .inode = info ? info->inode : 0, .offset = 0, .txid = 0});
    }
    return file;
  }
};

struct WritesWatermarkBeforeTheSync : Mutation {
  Result<std::unique_ptr<File>> open_file(Directory& directory, std::string_view name, const OpenMode& how) override {
    store = &directory;
    return directory.open_file(name, how);
  }
  Result<std::size_t> write(File& file, std::string_view name, std::uint64_t offset, Parts parts) override {
    Result<std::size_t> written = file.write_at(offset, parts);
    const std::optional<std::uint32_t> id = segment::parse_filename(name);
    const format::DecodeOutcome frame = format::decode_next(parts.front());
    const Result<safeatomic::FileInfo> info = file.info();
    if (written && id && frame && info && frame.record.len == parts.front().size()) {
      write_watermark(
          *store,
          {.segment = *id, .inode = info->inode, .offset = offset + frame.record.len, .txid = frame.record.txid});
    }
    return written;
  }
  Directory* store = nullptr;
};

/// Takes for granted that whoever wrote the sealed segments has synced them.
struct TrustsSealedSegments : Mutation {
  Result<std::unique_ptr<File>> open_file(Directory& directory, std::string_view name, const OpenMode& how) override {
    if (is_segment(name)) active = how.write ? std::string(name) : active;
    return directory.open_file(name, how);
  }
  Result<void> sync_data(File& file, std::string_view name) override {
    return is_segment(name) && name != active ? Result<void>() : file.sync_data();
  }
  std::string active;
};

/// A compaction drops Puts although what superseded them is not synced.
struct CompactsBeforeSync : Mutation {
  Result<std::unique_ptr<File>> open_file(Directory& directory, std::string_view name, const OpenMode& how) override {
    if (safeatomic::is_temporary_name(name)) is_compacting = true;
    return directory.open_file(name, how);
  }
  Result<void> sync_data(File& file, std::string_view name) override {
    return is_compacting && is_segment(name) ? Result<void>() : file.sync_data();
  }
  Result<void> sync_directory(Directory& directory) override {
    is_compacting = false;
    return directory.sync();
  }
  bool is_compacting = false;
};

/// A torn tail stays where it is, and is written over.
struct SkipsTheCut : Mutation {
  Result<void> truncate(File& file, std::string_view name, std::uint64_t size) override {
    return is_segment(name) ? Result<void>() : file.truncate(size);
  }
};

/// `open` returns before what it read is on the disk.
struct OpensWithoutSync : Mutation {
  Result<std::unique_ptr<File>> open_file(Directory& directory, std::string_view name, const OpenMode& how) override {
    if (name == ".lock" && how.create) is_open = false;
    return directory.open_file(name, how);
  }
  Result<std::size_t> write(File& file, std::string_view name, std::uint64_t offset, Parts parts) override {
    if (is_segment(name) && parts.size() == 1) {
      const Result<safeatomic::FileInfo> info = file.info();
      if (info && offset + parts.front().size() > info->size) is_open = true;
    }
    return file.write_at(offset, parts);
  }
  Result<void> sync_data(File& file, std::string_view) override { return is_open ? file.sync_data() : Result<void>(); }
  bool is_open = false;
};

/// The zeros of reserved space are cut off a segment only behind the sync that seals it.
struct CutsZerosBehindTheSync : Mutation {
  Result<void> truncate(File& file, std::string_view name, std::uint64_t size) override {
    if (!is_segment(name)) return file.truncate(size);
    late = size;
    return {};
  }
  Result<void> sync_data(File& file, std::string_view) override {
    Result<void> synced = file.sync_data();
    if (synced && late) synced = file.truncate(*std::exchange(late, std::nullopt));
    return synced;
  }
  std::optional<std::uint64_t> late;
};

/// Frames are stored where no block was reserved.
struct StoresWithoutReserving : Mutation {
  Result<void> reserve(File&, std::string_view, std::uint64_t, std::uint64_t) override { return {}; }
};

/// The names in a checkpoint are not durable when it gets its own.
struct SkipsSyncsOfTemporaryDirectories : Mutation {
  Result<void> sync_directory(Directory& directory) override {
    return safeatomic::is_temporary_name(directory.path().filename().string()) ? Result<void>() : directory.sync();
  }
};

struct CopiesSegmentsWithoutSync : Mutation {
  Result<void> sync_all(File& file, std::string_view name) override {
    return is_segment(name) ? Result<void>() : file.sync_all();
  }
};

/// All removals of segments are left to the next sync of the directory for something else.
struct RemovesWithoutSync : Mutation {
  Result<void> unlink(Directory& directory, std::string_view name) override {
    if (is_segment(name)) has_removed = true;
    return directory.unlink(name);
  }
  Result<void> sync_directory(Directory& directory) override {
    return std::exchange(has_removed, false) ? Result<void>() : directory.sync();
  }
  bool has_removed = false;
};

/// The index has its name before the log up to its P is on the disk.
struct NamesTheIndexBeforeTheLogIsSynced : Mutation {
  Result<void> sync_all(File& file, std::string_view name) override {
    is_due = safeatomic::is_temporary_name(name);
    return file.sync_all();
  }
  Result<void> sync_data(File& file, std::string_view name) override {
    if (!is_due || !is_segment(name)) return file.sync_data();
    late = &file;
    return {};
  }
  Result<void> rename(Directory& from, std::string_view name, Directory& target, std::string_view new_name,
                      safeatomic::RenameMode mode) override {
    is_due = false;
    return from.rename(name, target, new_name, mode);
  }
  Result<void> sync_directory(Directory& directory) override {
    Result<void> synced = directory.sync();
    if (synced && late != nullptr) synced = std::exchange(late, nullptr)->sync_data();
    return synced;
  }
  bool is_due = false;
  File* late = nullptr;
};

/// The state has its name before the log up to its P is on the disk.
struct NamesTheStateBeforeTheLogIsSynced : Mutation {
  Result<std::size_t> write(File& file, std::string_view name, std::uint64_t offset, Parts parts) override {
    if (name == ".watermark" && late != nullptr) return parts.front().size();  // that one is not fooled
    return file.write_at(offset, parts);
  }
  Result<void> sync_data(File& file, std::string_view name) override {
    if (!is_segment(name)) return file.sync_data();
    late = &file;
    return {};
  }
  Result<void> sync_directory(Directory& directory) override {
    Result<void> synced = directory.sync();
    if (synced && late != nullptr) synced = std::exchange(late, nullptr)->sync_data();
    return synced;
  }
  File* late = nullptr;
};

/// The state outlives what makes it wrong.
struct KeepsTheState : Mutation {
  Result<void> unlink(Directory& directory, std::string_view name) override {
    return name == ".state" ? Result<void>() : directory.unlink(name);
  }
};

/// Nobody sees the holds: whoever sets one finds none, and what gives back space too.
struct IgnoresHolds : Mutation {
  Result<std::unique_ptr<File>> open_file(Directory& directory, std::string_view name, const OpenMode& how) override {
    if (name != ".holds") return directory.open_file(name, how);
    return std::unexpected(safeatomic::Error{safeatomic::Errc::not_found, "open", directory.path() / name, ENOENT});
  }
  Result<void> rename(Directory& from, std::string_view name, Directory& target, std::string_view new_name,
                      safeatomic::RenameMode mode) override {
    return from.rename(name, target, new_name, new_name == ".holds" ? safeatomic::RenameMode::replace : mode);
  }
};

template <class Kind>
Wrap by() {
  return [](safeatomic::sim::SimFileSystem& machine) { return mutate(machine, std::make_unique<Kind>()); };
}

std::function<std::unique_ptr<Scenario>()> naive(Belief belief) {
  return [belief] { return make_naive_scenario(belief); };
}

std::function<std::unique_ptr<Scenario>()> followed(FollowerBug bug) {
  return [bug] { return make_followed_scenario(bug); };
}

}  // namespace

std::vector<Mutant> all_mutants() {
  return {
      {"skips the directory sync after create", by<SkipsDirectorySyncs>(), {"new", "rotate"}},
      {"skips the sync of the directories above", by<SkipsParentSyncs>(), {"new"}},
      {"acknowledges before the sync", by<AcknowledgesBeforeSync>(), {"append_synced"}},
      {"cuts before the quarantine is durable", by<CutsBeforeQuarantine>(), {"append"}},
      {"quarantines without a sync", by<QuarantinesWithoutSync>(), {"append"}},
      {"syncs the new segment before the old", by<SyncsNewBeforeOld>(), {"rotate_only"}},
      {"creates the new segment before the old is synced", by<CreatesBeforeSync>(), {"rotate_only"}},
      {"skips the rewrite of the unproven tail", by<SkipsTheRewrite>(), {"append_synced"}},
      {"leaves a roll-back unsynced", by<LeavesRollbackUnsynced>(), {"append", "append_small"}},
      {"writes the watermark before the name is durable", by<WritesWatermarkBeforeTheName>(), {"rotate_only"}},
      {"writes the watermark before the sync", by<WritesWatermarkBeforeTheSync>(), {"append"}},
      {"skips the cut of a torn tail", by<SkipsTheCut>(), {"equal", "append"}},
      {"opens before what it read is synced", by<OpensWithoutSync>(), {"append", "append_synced"}},
      {"trusts the sealed segments of a copy", by<TrustsSealedSegments>(), {"copied"}},
      {"repairs without a sync of its copies", by<QuarantinesWithoutSync>(), {"repair"}},
      {"replaces a segment before what superseded it is synced", by<CompactsBeforeSync>(), {"compact_during"}},
      {"replaces a segment by a copy that is not synced",
       by<QuarantinesWithoutSync>(),
       {"compact", "compact_segments"}},
      {"names an index that is not synced", by<QuarantinesWithoutSync>(), {"index"}},
      {"names an index before the log is synced", by<NamesTheIndexBeforeTheLogIsSynced>(), {"index", "index_long"}},
      {"names a state before the log is synced",
       by<NamesTheStateBeforeTheLogIsSynced>(),
       {"state", "state_at_rotation"}},
      {"repairs and leaves the state", by<KeepsTheState>(), {"repair_state"}},
      {"publishes a compaction without a sync", by<QuarantinesWithoutSync>(), {"compact_to"}},
      {"acknowledges an export before its name is durable", by<SkipsDirectorySyncs>(), {"export"}},
      {"replaces a file without a sync", by<QuarantinesWithoutSync>(), {"write_atomic"}},
      {"cuts reserved space behind the sync that seals", by<CutsZerosBehindTheSync>(), {"mapped_rotate"}},
      {"stores through the mapping without reserving", by<StoresWithoutReserving>(), {"mapped_memory"}},
      {"acknowledges stores through the mapping unsynced", by<AcknowledgesBeforeSync>(), {"mapped_memory"}},
      {"publishes a checkpoint before its names are durable",
       by<SkipsSyncsOfTemporaryDirectories>(),
       {"checkpoint_unsynced"}},
      {"publishes a checkpoint without a sync of its copy", by<CopiesSegmentsWithoutSync>(), {"checkpoint_unsynced"}},
      {"drops segments without a sync of the directory", by<RemovesWithoutSync>(), {"retention"}},
      {"compacts what a hold keeps", by<IgnoresHolds>(), {"holds", "holds_outside"}},
      {"drops what a hold keeps", by<IgnoresHolds>(), {"retention_held"}},
      {"sets a hold without a sync of its file", by<QuarantinesWithoutSync>(), {"holds_outside"}},
      {"acknowledges a hold before its name is durable", by<SkipsDirectorySyncs>(), {"holds"}},
      {"rebuilds without a sync", by<AcknowledgesBeforeSync>(), {"rebuild"}},
      {"salvages without a sync", by<AcknowledgesBeforeSync>(), {"salvage"}},
      {"believes that a file ends behind a record", {}, {}, naive(Belief::sizes_are_whole)},
      {"appends behind what a killed write has left", {}, {}, naive(Belief::kills_leave_whole)},
      {"takes one call for a whole write", {}, {}, naive(Belief::writes_are_whole)},
      {"takes bytes that can be read for synced ones", {}, {}, naive(Belief::reading_back_proves)},
      {"shows a follower of what is durable what is not", {}, {}, followed(FollowerBug::takes_all_for_durable)},
      {"knows the record that was read last by its place alone", {}, {}, followed(FollowerBug::knows_by_place_alone)},
  };
}

std::optional<Violation> hunt(const Mutant& mutant, const Scenarios& scenarios, std::uint64_t seed) {
  if (mutant.own) {
    Scenarios own;
    own.push_back(mutant.own());
    const std::string name = own.front()->name();
    return hunt({mutant.name, {}, {name}}, own, seed);
  }
  Tally tally;
  SeenSet seen;
  for (const std::unique_ptr<Scenario>& scenario : scenarios) {
    if (std::ranges::find(mutant.scenarios, scenario->name()) == mutant.scenarios.end()) continue;
    const ExplorerOptions options{.wrap = mutant.wrap, .seed = seed, .stops_at_violation = true};
    for (const Plan& plan : Explorer(tally, seen, options).plans(*scenario)) {
      Explorer(tally, seen, options).explore(*scenario, plan);
      if (!tally.violations.empty()) return tally.violations.front();
    }
  }
  return std::nullopt;
}

}  // namespace datawal::crash
