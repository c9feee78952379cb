#pragma once
// The key/value store: a last-write-wins projection of a RecordLog.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <datawal/batch.hpp>
#include <datawal/compaction.hpp>
#include <datawal/conditional.hpp>
#include <datawal/data_wal_cursor.hpp>
#include <datawal/data_wal_view.hpp>
#include <datawal/error.hpp>
#include <datawal/holds.hpp>
#include <datawal/jsonl.hpp>
#include <datawal/options.hpp>
#include <datawal/record.hpp>
#include <datawal/record_log.hpp>
#include <datawal/scrub.hpp>
#include <datawal/stats.hpp>
#include <datawal/values.hpp>

namespace datawal {

/// Bytes keys to bytes values, in one directory, for one process. Puts and erases are records of a RecordLog, with its
/// durability (docs/DURABILITY.md); an index of 20 bytes per key, whatever the keys' length, is built when the store is opened.
/// Raw records in the same log are invisible here and survive. Movable. Threads: any, but for moving, close() and destruction,
/// which must be the last; `get` takes no lock. The handle belongs to the process that opened it.
class DataWal {
 public:
  /// Is shown a key and its value; false stops the walk.
  using Visitor = std::function<bool(std::string_view key, std::string_view value)>;

  /// Is shown a key; false stops the walk.
  using KeyVisitor = std::function<bool(std::string_view key)>;

  /// Opens the store in `dir`, making it as needed. Reads each segment once; with OpenOptions::index, what was appended since the index
  /// was written. Errors as RecordLog::open.
  [[nodiscard]] static Result<DataWal> open(const std::filesystem::path& dir, const OpenOptions& options = {});

  /// Sets the value of a key. On return it survives the death of this process, not a loss of power; fsync() or
  /// `{.sync = true}` makes it survive both.
  /// @param key    0 .. max_key_len bytes; the empty key is a key like any other
  /// @param value  0 .. max_payload_len bytes
  /// @return as RecordLog::append; corruption if a record that may be the key's own is damaged: nothing was changed then
  [[nodiscard]] Result<void> put(std::string_view key, std::string_view value, const WriteOptions& options = {});

  /// The value of a key, nullopt if it has none: `if (auto value = kv->get(key); value && *value) use(**value);`. Key, type and CRC
  /// are checked in the record itself in every call.
  /// @return corruption, with segment and offset, if the record is damaged: never another key's value, and never nullopt
  [[nodiscard]] Answer<std::optional<std::string>> get(std::string_view key) const;

  /// The same into memory of the caller's: copies as much of the value as fits, and says how long all of it is. Allocates nothing where
  /// the record is read from a mapping; where it is not (ReadPath::pread), only a buffer for the record.
  /// @param room  may be empty: for the length alone. After an error, and where the key has no value, it is as it was
  [[nodiscard]] Answer<std::optional<std::size_t>> get(std::string_view key, std::span<char> room) const;

  /// Removes a key by appending a tombstone, whether or not it is there. Otherwise as put().
  [[nodiscard]] Result<void> erase(std::string_view key, const WriteOptions& options = {});

  /// put(), if the key's newest record is what is `expected`: checked and done in one step, in the order of the log, so that nothing
  /// that was put or erased in between is lost. The outcome tells what was there; with `Expect::anything()` it is a put() that tells.
  ///
  ///     for (bool is_done = false; !is_done;) {  // counts exactly, from any number of threads
  ///       auto seen = store.find("counter");
  ///       if (!seen) return propagate(seen);
  ///       const int count = *seen ? std::stoi((*seen)->value) : 0;
  ///       const Expect expected = *seen ? Expect((*seen)->ref) : Expect::absent();
  ///       auto done = store.put_if("counter", expected, std::to_string(count + 1));
  ///       if (!done) return propagate(done);
  ///       is_done = done->is_done;
  ///     }
  ///
  /// @return an outcome, not an error, where something else is there: nothing is changed then, and nothing synced; otherwise as put()
  [[nodiscard]] Result<ChangeOutcome> put_if(std::string_view key, const Expect& expected, std::string_view value,
                                             const WriteOptions& options = {});

  /// erase(), as put_if(): removes what had expired when it was looked at, but not what was put since. With `Expect::anything()` an
  /// erase() that tells whether the key was there.
  [[nodiscard]] Result<ChangeOutcome> erase_if(std::string_view key, const Expect& expected,
                                               const WriteOptions& options = {});

  /// Writes many changes with one append (RecordLog::append_batch): all or none of them for every later get, unless the process or
  /// the power fails in it, which may leave the first ones. An empty batch does nothing. Otherwise as put().
  [[nodiscard]] Result<void> write(const Batch& batch, const WriteOptions& options = {});

  /// Whether get() would give a value: `if (kv->contains(key) == true)`. Errors as get().
  [[nodiscard]] Answer<bool> contains(std::string_view key) const;

  /// The value of a key, as get(), and the record that holds it.
  [[nodiscard]] Answer<std::optional<StoredValue>> find(std::string_view key) const;

  /// get() of many keys, faster than one by one: what the next ones need is fetched while the first are looked up. Each value is that of
  /// the moment it is looked up; for one instant take a view().
  /// @param values  gets what each key has; empty after an error, which is of the first key that cannot be read
  [[nodiscard]] Result<void> multi_get(std::span<const std::string_view> keys, Values& values) const;

  /// Where the record of a live key lies; nullopt if the key has none. Errors as get().
  [[nodiscard]] Answer<std::optional<RecordRef>> ref_of(std::string_view key) const;

  [[nodiscard]] std::uint64_t size() const noexcept;  ///< live keys; 0 once it is closed
  [[nodiscard]] bool empty() const noexcept;          ///< size() is 0

  /// All live keys, ascending. Shows one state of the store, as do items(), for_each(), for_each_key(), cursor(), export_jsonl() and
  /// compact_to(): that at the start of the call, whatever is put or erased meanwhile. All of them note it in 8 bytes a key while writers
  /// wait, some 10 ms a million keys.
  [[nodiscard]] Result<std::vector<std::string>> keys() const;

  /// The keys that a cursor() with these options shows: those of a prefix or a range. Looks at all keys, since the store keeps them in no
  /// order; takes memory for those returned, and 8 bytes for each key there is.
  [[nodiscard]] Result<std::vector<std::string>> keys(const CursorOptions& which) const;

  /// All live keys and values, by ascending key, in memory.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> items() const;

  /// Calls `visit(key, value)` for each live key in the order in which they were last put; false stops. The views are valid
  /// during the call. It may use the store, but must not close it.
  [[nodiscard]] Result<void> for_each(const Visitor& visit) const;

  /// The same for what a cursor() with these options shows, in its order. Costs as keys().
  [[nodiscard]] Result<void> for_each(const CursorOptions& which, const Visitor& visit) const;

  /// for_each() without the values: those of records over 1 KiB are neither read nor checked.
  [[nodiscard]] Result<void> for_each_key(const KeyVisitor& visit) const;

  /// A walk at the caller's pace, over all keys or those within bounds. In the order of the keys all that are within the bounds are
  /// sorted first, which takes 16 bytes a key and about as long as reading them; for many such cursors take one view(). Errors as
  /// get().
  [[nodiscard]] Result<DataWalCursor> cursor(const CursorOptions& options = {}) const;

  /// The store as it is now, for reading as long as one likes while writing, compaction and everything else go on. Copies the index:
  /// 17.5 bytes of memory a key, and writers wait some 8 ms a million keys. Where a cursor or one walk is enough, those cost less.
  [[nodiscard]] Result<DataWalView> view() const;

  /// On return everything put or erased before survives a loss of power. As RecordLog::fsync.
  [[nodiscard]] Result<void> fsync();

  /// Writes one Put per live key, by ascending key, with txids from 1, as the single segment of a new store in `dir`, which is
  /// absent or holds nothing but what an interrupted call left. This store is untouched. Durable on return; after a
  /// crash it is complete or absent.
  /// @return already_exists if `dir` holds anything; invalid_argument if it lies below the store's own directory, or if there
  ///   are Raw records and `options.raw` does not say what becomes of them; corruption; no_space; io
  [[nodiscard]] Result<CompactionStats> compact_to(const std::filesystem::path& dir,
                                                   const CompactToOptions& options = {}) const;

  /// Gives back the space of what is dead, in place and segment by segment: each is replaced by a file with its Raw records, its
  /// live Puts and the tombstones that are still needed, in order and with their txids. Starts a new segment first, if there is
  /// room for one, so that all that was written before is considered. Reading and writing go on meanwhile. At every instant,
  /// crashes included, the store holds the same keys and the same Raw records; a compaction that was cut short is gone on
  /// with by the next. Needs room for what is left of one segment, besides what readers still hold. Leaves alone what a hold keeps.
  /// @return
  ///   no_space    what is left of some segment did not fit; all others are done, and nothing has become larger
  ///   corruption  a sealed segment is damaged: it was not touched
  ///   poisoned    a sync of the active segment or of the directory failed
  ///   corruption, unsupported_version, of `.holds`  it cannot be read: nothing was given back
  ///   io          this compaction failed; the store is as usable as before
  [[nodiscard]] Result<CompactionStats> compact(const CompactOptions& options = {});

  /// As RecordLog::hold_from.
  [[nodiscard]] Result<void> hold_from(std::string_view name, std::uint64_t txid);
  /// As datawal::drop_hold.
  [[nodiscard]] Result<bool> drop_hold(std::string_view name);
  /// As datawal::holds_of.
  [[nodiscard]] Result<std::vector<Hold>> holds() const;

  /// As RecordLog::checkpoint.
  [[nodiscard]] Result<void> checkpoint(const std::filesystem::path& dir, const CheckpointOptions& options = {}) const;

  /// Writes a line `{"key_b64":"...","value_b64":"..."}` per live key, by ascending key, to `file`, replacing it. Memory does not
  /// grow with the values. Durable on return; after a crash the file is as before or complete.
  /// @return invalid_argument if `file` names no file, something that is not a regular file, or a file of this store; errors as
  ///   get(); not_found if its directory is absent; no_space; io
  [[nodiscard]] Result<ExportStats> export_jsonl(const std::filesystem::path& file,
                                                 const ExportOptions& options = {}) const;

  using Sink = JsonlSink;  ///< of export_jsonl_to()
  /// The same lines, handed to `sink` in large pieces that end with a line. It may use the store, but must not close it.
  [[nodiscard]] Result<ExportStats> export_jsonl_to(const Sink& sink, const ExportOptions& options = {}) const;

  /// Puts every line of `file`, as export_jsonl() writes them. Streaming. Not atomic: the lines before a bad one are applied,
  /// none behind it. Call fsync() to make them durable.
  /// @return invalid_argument naming the first bad line, unless `skip_bad`; otherwise as put()
  [[nodiscard]] Result<ImportStats> import_jsonl(const std::filesystem::path& file, const ImportOptions& options = {});

  using Source = JsonlSource;  ///< of import_jsonl_from()

  /// import_jsonl() from anything: a pipe, standard input.
  /// @param name  of the input, for messages
  [[nodiscard]] Result<ImportStats> import_jsonl_from(const Source& source, const std::filesystem::path& name,
                                                      const ImportOptions& options = {});

  /// Writes the persisted index of now (OpenOptions::index), also if it is not enabled. On return the next open with it reads only what
  /// is appended from here on; and all that was put or erased before survives a loss of power, as after fsync(). Writes 16 bytes a key
  /// while writers go on, which wait some microseconds at a time. Pages that they change meanwhile are kept as they were, up to 64 MiB in
  /// memory and the rest in a temporary file. A crash leaves the old one or the new one. Nothing if the store holds no record.
  /// @return no_space, io: the old index stays, the store is usable; poisoned as fsync(); corruption if a segment was replaced from
  ///   outside, or a page of the index that was opened with is damaged
  [[nodiscard]] Result<void> save_index();

  /// Reads every record of the store once, and compares the persisted index with them: datawal::scrub. Writing goes on meanwhile.
  [[nodiscard]] Result<ScrubReport> scrub(const ScrubOptions& options = {}) const;

  /// Counts, of the whole store and of each segment. Takes a microsecond a segment while writers wait. All zeros if the handle was
  /// closed, moved from, or belongs to another process.
  [[nodiscard]] StoreStats stats() const;

  /// The log below. The reference is valid until this handle is moved, assigned to or destroyed. Of a handle that was moved from, a
  /// log whose calls return `closed` and whose numbers are 0.
  [[nodiscard]] const RecordLog& log() const noexcept;

  /// As RecordLog::close. With OpenOptions::index it may write the index before, whose failures cost only that.
  [[nodiscard]] Result<void> close();

  DataWal(DataWal&&) noexcept;
  DataWal& operator=(DataWal&&) noexcept;
  ~DataWal();

 private:
  struct Impl;
  explicit DataWal(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace datawal
