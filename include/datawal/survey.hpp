#pragma once
// Shows a whole store, record by record and stretch by stretch: for drawing, counting or searching it.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <string_view>

#include <datawal/error.hpp>
#include <datawal/format.hpp>
#include <datawal/options.hpp>
#include <datawal/record.hpp>
#include <datawal/stats.hpp>
#include <datawal/verify.hpp>

namespace datawal {

/// What a record is to whoever reads the store.
enum class RecordState : std::uint8_t {
  raw,            ///< an event of a log
  live,           ///< the Put that is its key's value
  dead,           ///< a Put that something newer has superseded
  tombstone,      ///< a Delete
  put,            ///< a Put of which nobody knows whether it lives: keys were not read
  behind_damage,  ///< whole, but behind the first damage: no reader shows it, salvage() brings it
};

/// Its name in one word, as reports have it: "raw", "live", "dead", "tombstone", "put", "behind_damage".
[[nodiscard]] std::string_view name_of(RecordState state) noexcept;

/// A segment file, when the survey reaches it.
struct SurveyedSegment {
  std::uint32_t id = 0;     ///< its number
  std::uint64_t bytes = 0;  ///< of the file when the survey began; a record that was half there then reaches beyond
  bool is_active = false;   ///< the newest, which a writer appends to
};

/// A whole record, when the survey reaches it.
struct SurveyedRecord {
  RecordView record{};                   ///< valid during the call
  RecordState state = RecordState::raw;  ///< by what came before it: a Put is `live` until SurveyVisitor::on_superseded
};

/// A record shown as `live` that a newer one has superseded: it is `dead`.
struct SupersededRecord {
  std::uint32_t segment = 0;     ///< where it lies
  std::uint64_t offset = 0;      ///< bytes from the start of that segment
  std::uint32_t len = 0;         ///< bytes of its frame
  std::uint32_t by_segment = 0;  ///< where the newer one lies
  std::uint64_t by_offset = 0;   ///< bytes from the start of that segment
  std::string_view key{};        ///< valid during the call
};

/// Why some bytes are no record.
enum class StretchKind : std::uint8_t {
  torn,        ///< the end of the newest segment, as a crash leaves it: nothing that was synced
  damaged,     ///< bytes that should be records
  reserved,    ///< zeros at the end of the newest segment, into which a writer appends: nothing is wrong
  unfinished,  ///< what a live writer had begun to append when the survey came to it
};

/// Its name in one word, as reports have it: "torn", "damaged", "reserved", "unfinished".
[[nodiscard]] std::string_view name_of(StretchKind kind) noexcept;

/// Bytes that are in no record.
struct Stretch {
  StretchKind kind = StretchKind::damaged;  ///< what they are
  std::uint32_t segment = 0;                ///< where they lie
  std::uint64_t begin = 0;                  ///< bytes from the start of that segment
  std::uint64_t end = 0;                    ///< behind the last one
  /// Why no record begins there, which format::describe() says in words; none beyond the first 100 that are damaged.
  format::Stop stop = format::Stop::none;
};

/// What a survey tells as it goes; what is empty is not told. Called from the thread that made the call, in the order of the log. The
/// records and stretches of a segment cover it without a gap and without an overlap.
struct SurveyVisitor {
  std::function<void(const SurveyedSegment&)> on_segment{};  ///< before anything else of that segment
  std::function<bool(const SurveyedRecord&)> on_record{};    ///< false ends the survey
  std::function<void(const SupersededRecord&)>
      on_superseded{};  ///< of records that were shown; many at a time, the last behind all records
  std::function<void(const Stretch&)> on_stretch{};          ///< those that are damaged come behind all sound records
  std::function<void(const MissingSegments&)> on_missing{};  ///< ids without a file, behind the sound records
};

/// Options of survey().
struct SurveyOptions {
  bool reads_keys = true;  ///< tell live records from dead ones; without, the survey needs no memory worth mentioning
  /// Of the index that tells them, some 17 bytes a key. Where that is not enough the survey goes on without, and says so in
  /// SurveyReport::knows_keys.
  std::uint64_t max_index_bytes = std::numeric_limits<std::uint64_t>::max();
  ReadPath read_path = ReadPath::mapped;  ///< how a record is looked at that a newer one supersedes; as ReaderOptions
  ProgressCallback on_progress{};         ///< called now and then from this thread; must not throw
  safeatomic::FileSystem* file_system = nullptr;  ///< null: the operating system's; not owned
};

/// What survey() found.
struct SurveyReport {
  VerifyReport verify{};    ///< as verify() would have reported it
  bool is_complete = true;  ///< false: the visitor ended it, and this is of what was read until then
  /// Live and dead were told apart to the end, also in a log, which has no keys. False: SurveyOptions::reads_keys was false, or the index
  /// would have taken more than SurveyOptions::max_index_bytes. That shows only on the way, so that records may have been told of as `live`
  /// before, and some as superseded: then take `live` and `dead` for `put`.
  bool knows_keys = false;
  StoreStats
      stats{};  ///< of what lies before the first damage, as DataWalReader::stats(); of keys only if `knows_keys`
};

/// Reads the store in `dir` once, as verify() does, and tells `visitor` of everything that is there. Takes no lock and changes nothing;
/// beside a live writer it surveys what was there when it began.
/// The visitor may look at the store, write to it and throw: what it throws passes through.
/// @return the report, also for a damaged store; an error only where the store could not be read:
///   not_found, io
///   snapshot_expired  what was read was taken away or changed meanwhile
[[nodiscard]] Result<SurveyReport> survey(const std::filesystem::path& dir, const SurveyVisitor& visitor,
                                          const SurveyOptions& options = {});

}  // namespace datawal
