#ifndef DATAWAL_DATAWAL_H
#define DATAWAL_DATAWAL_H
/**
 * @file
 * datawal for C (C99 and newer), and for everything that can call C. The C++ headers describe what each call promises.
 * What differs here:
 *
 * Errors: a call returns DATAWAL_OK or why it failed, and fills `error` unless that is NULL. datawal_last_error also returns the
 * error of the thread's last failed call. Messages are valid UTF-8.
 * Handles: opaque; one function per kind ends them, `..._free`, which accepts NULL. For a writing handle it closes and
 * swallows the error: call `..._close` first to see it. Functions that hand out a handle set it to NULL on failure.
 * Memory: free what a call returns in a datawal_buffer with datawal_buffer_free; everything else belongs to the
 * handle that lent it. Bytes passed in are copied. Paths are NUL-terminated.
 * Options: start from `..._init`, or from zeros. NULL means the defaults, and so does 0 in every field. What makes no sense
 * (a number that no enumerator has, a flag that is neither 0 nor 1, a reserved field that is set, NaN, a length beyond its limit)
 * is DATAWAL_INVALID_ARGUMENT, whose message names the field or the argument.
 * Sizes: the first field of options is `struct_size`, the sizeof in the header that the program was built with: `..._init` sets
 * it. Fields beyond it count as 0; 0 means the size that the options had when they first appeared. A program built with a
 * newer header may pass more, provided the fields that the library does not know are 0. Offsets: docs/BINDINGS.md.
 * Callbacks: called from the thread that made the call, with the `context` given beside them. They must return.
 * Threads: as the C++ class behind the handle.
 */

/* NOLINTBEGIN(modernize-use-using, modernize-deprecated-headers, readability-identifier-naming): this is C */
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Why a call failed. The numbers are stable. What each means, what is lost and what to do next: docs/TROUBLE.md, by these names. */
typedef enum datawal_code {
  DATAWAL_OK = 0,                  /**< it did not fail */
  DATAWAL_IO = 1,                  /**< the operating system failed; see os_errno */
  DATAWAL_NO_SPACE = 2,            /**< no room on the disk; nothing of the call stays */
  DATAWAL_LOCKED = 3,              /**< another handle holds the directory's lock */
  DATAWAL_CORRUPTION = 4,          /**< stored bytes are not what was promised */
  DATAWAL_UNSUPPORTED_VERSION = 5, /**< a record of a newer format */
  DATAWAL_INVALID_ARGUMENT = 6,    /**< the call cannot be carried out as asked */
  DATAWAL_NOT_FOUND = 7,           /**< there is no such record, file or directory */
  DATAWAL_ALREADY_EXISTS = 8,      /**< the target would have to be overwritten */
  DATAWAL_SNAPSHOT_EXPIRED = 9,    /**< what this reader holds was replaced: refresh it */
  DATAWAL_POISONED = 10,           /**< a write or sync failed earlier: open again */
  DATAWAL_CLOSED = 11,             /**< the handle was closed, or belongs to the process that forked this one */
  DATAWAL_NO_MEMORY = 12,          /**< out of memory; nothing acknowledged is lost */
  DATAWAL_PLACE_LOST = 13          /**< the record after which reading should continue is gone */
} datawal_code;

/** One failed call, or DATAWAL_OK. The caller provides the memory. */
typedef struct datawal_error {
  datawal_code code;  /**< what the call returned */
  int os_errno;       /**< set if the operating system refused, else 0; EDEADLK: this process itself holds the lock */
  uint32_t segment;   /**< segment concerned; 0 if none */
  uint64_t offset;    /**< bytes from the start of the segment */
  char path[512];     /**< file or directory concerned, its bytes unchanged, "" if none; cut if it is longer */
  char message[1024]; /**< one sentence that says what to do, valid UTF-8; cut between two characters if it is longer */
} datawal_error;

/** Bytes that the caller owns. A NUL follows them, which `size` does not count. */
typedef struct datawal_buffer {
  char* data;  /**< free with datawal_buffer_free */
  size_t size; /**< bytes */
} datawal_buffer;

/** Kinds of records. */
typedef enum datawal_record_type {
  DATAWAL_RAW = 0,   /**< an event of a log */
  DATAWAL_PUT = 1,   /**< a key's new value */
  DATAWAL_DELETE = 2 /**< a tombstone: the key is gone */
} datawal_record_type;

/** Where a record lies, and which one it is. */
typedef struct datawal_ref {
  uint64_t offset;   /**< bytes from the start of the segment to the frame */
  uint64_t txid;     /**< from 1, ascending */
  uint32_t segment;  /**< segment id, from 1 */
  uint32_t len;      /**< bytes of the whole frame */
  uint32_t crc;      /**< the record's own CRC-32C */
  uint32_t reserved; /**< 0 */
} datawal_ref;

/** Room for the text form of a place, its NUL included. */
#define DATAWAL_REF_TEXT_SIZE 80

/** A record lent by a cursor. */
typedef struct datawal_record {
  datawal_record_type type; /**< its kind */
  datawal_ref ref;          /**< its place and txid */
  const char* key;          /**< may be empty, never NULL */
  size_t key_len;           /**< bytes */
  const char* payload;      /**< may be empty, never NULL */
  size_t payload_len;       /**< bytes */
} datawal_record;

/** A record to append, or a change of a key: put or delete. */
typedef struct datawal_input {
  datawal_record_type type; /**< its kind */
  const void* key;          /**< may be NULL if key_len is 0 */
  size_t key_len;           /**< bytes */
  const void* payload;      /**< may be NULL if payload_len is 0 */
  size_t payload_len;       /**< bytes */
} datawal_input;

/** What became of a persisted index. */
typedef enum datawal_index_state {
  DATAWAL_INDEX_ABSENT = 0, /**< there is none, or it was not asked for */
  DATAWAL_INDEX_USED = 1,   /**< only what was appended after it was read */
  DATAWAL_INDEX_STALE = 2,  /**< it does not describe the log that is there: all was read */
  DATAWAL_INDEX_DAMAGED = 3 /**< its bytes are not what was written: all was read */
} datawal_index_state;

/** What was found while a store was opened or read. */
typedef struct datawal_recovery_report {
  uint64_t files_scanned;          /**< segments */
  uint64_t records_replayed;       /**< whole records */
  uint64_t tail_bytes_discarded;   /**< from the tear to the last byte that is not zero */
  uint64_t mid_stream_errors;      /**< corruptions */
  uint64_t unsupported_versions;   /**< stops at a record of another version */
  uint64_t last_txid_seen;         /**< 0 if there is none */
  uint64_t preallocated_bytes;     /**< zeros after the last record: not damage */
  uint64_t txid_gaps;              /**< places where txids are missing */
  uint64_t records_beyond_tear;    /**< whole records found after the tear (a lower bound) */
  uint64_t quarantined_previously; /**< quarantine files that were there before */
  int tail_truncated;              /**< 1 if the store ended in a torn tail */
  datawal_index_state index_state; /**< what became of the persisted index of a store, or of the state of a log */
  uint64_t records_read;           /**< of records_replayed, those that were read */
  uint64_t reserved[7];            /**< 0 */
} datawal_recovery_report;

/** Buckets of datawal_log_stats.sync_counts: bucket 0 is up to 1 microsecond, bucket n up to 2^n, the last one has no bound. */
#define DATAWAL_SYNC_BUCKETS 24

/** Counts of a log that is open for writing. */
typedef struct datawal_log_stats {
  uint64_t segments;                          /**< files */
  uint64_t bytes;                             /**< of all records */
  uint64_t last_txid;                         /**< newest appended */
  uint64_t durable_txid;                      /**< newest known to survive a loss of power */
  uint64_t quarantined_files;                 /**< *.dwal.torn-* in the directory now */
  uint64_t quarantined_bytes;                 /**< in these */
  uint64_t appended_bytes;                    /**< of records, by this handle */
  uint64_t synced_bytes;                      /**< of these, known to survive a loss of power */
  uint64_t syncs;                             /**< of this handle, those of rotation and background included */
  uint64_t sync_microseconds;                 /**< of all of them, each rounded down */
  uint64_t sync_counts[DATAWAL_SYNC_BUCKETS]; /**< how many took how long */
  int has_recovered_torn_tail;                /**< 1: open found one */
  uint64_t reserved[8];                       /**< 0 */
} datawal_log_stats;

/** Counts of one segment of a key/value store. */
typedef struct datawal_segment_stats {
  uint64_t bytes;           /**< of all records: live, raw, tombstones and dead together */
  uint64_t live_bytes;      /**< of the puts that are the newest record of their key */
  uint64_t raw_bytes;       /**< of raw records */
  uint64_t tombstone_bytes; /**< of deletes, needed or not */
  uint64_t dead_bytes;      /**< of puts that something newer has superseded */
  uint32_t segment;         /**< its id */
  int is_active;            /**< 1: it is appended to and not compacted */
  uint64_t last_txid;       /**< of its newest record; 0 if it has none */
  uint64_t reserved[7];     /**< 0 */
} datawal_segment_stats;

/** Counts of a whole key/value store. */
typedef struct datawal_store_stats {
  uint64_t segments;              /**< files */
  uint64_t bytes;                 /**< of all records */
  uint64_t live_bytes;            /**< of the records of live keys */
  uint64_t live_keys;             /**< keys that have a value */
  uint64_t raw_records;           /**< by kind */
  uint64_t put_records;           /**< by kind */
  uint64_t delete_records;        /**< by kind */
  uint64_t last_txid;             /**< newest appended */
  uint64_t durable_txid;          /**< newest known to survive a loss of power */
  uint64_t key_directory_bytes;   /**< memory of the index */
  uint64_t quarantined_files;     /**< *.dwal.torn-* in the directory now */
  uint64_t quarantined_bytes;     /**< in these */
  double garbage_ratio;           /**< share of the bytes that compaction could free */
  uint64_t auto_compact_runs;     /**< background compactions finished since the store was opened */
  uint64_t auto_compact_failures; /**< how many of these failed: see datawal_store_auto_compact_error */
  uint64_t auto_compact_failing;  /**< 1: the newest one failed */
  uint64_t holds;      /**< how many there are; UINT64_MAX: they cannot be read, so that nothing is given back */
  uint64_t held_bytes; /**< of the sealed segments that the lowest hold keeps */
  uint64_t held_garbage_bytes;          /**< of these, what compaction might give back without it */
  uint64_t key_directory_changed_bytes; /**< where the memory of the index is limited: what stays until it is written */
  uint64_t key_directory_bytes_on_file; /**< there: what is on file instead */
} datawal_store_stats;

/** What a checkpoint consists of. */
typedef struct datawal_checkpoint_report {
  uint64_t segments;    /**< files */
  uint64_t bytes;       /**< of all of them */
  uint64_t linked;      /**< segments that share their file with the store or the previous checkpoint */
  uint64_t reserved[8]; /**< 0 */
} datawal_checkpoint_report;

/** What an export, an import or a compaction did. Fields that do not apply are 0. */
typedef struct datawal_counts {
  uint64_t live_keys;          /**< compaction */
  uint64_t records_read;       /**< import: lines that were records */
  uint64_t records_written;    /**< all of them */
  uint64_t bytes_written;      /**< export, compaction */
  uint64_t lines_rejected;     /**< import: lines left out by skip_bad */
  uint64_t segments_rewritten; /**< compaction in place: copied without what is dead */
  uint64_t segments_removed;   /**< compaction in place: nothing in them was needed */
  uint64_t segments_skipped;   /**< compaction in place: not enough garbage */
  uint64_t bytes_reclaimed;    /**< compaction in place */
  int is_cancelled;            /**< compaction in place, export to a sink: the callback stopped it */
  uint64_t segments_held;      /**< compaction in place: left as they are, since a hold keeps them */
  uint64_t segments_busy;      /**< likewise, since another program had locked them or replaced them */
  uint64_t reserved[6];        /**< 0 */
} datawal_counts;

/** What verification found. */
typedef struct datawal_verify_report {
  uint64_t frames_checked;          /**< whole records with a right checksum */
  uint64_t crc_failures;            /**< 0 or 1: nothing after the first stop counts */
  uint64_t last_offset;             /**< where checking ended */
  uint32_t last_segment;            /**< where checking ended */
  int is_clean;                     /**< 1: no damage, no tear, no disorder */
  int is_damaged;                   /**< 1: see `damage` */
  int is_out_of_order;              /**< 1: segments were swapped or mixed */
  uint64_t damaged_ranges;          /**< ranges of bytes that are in no whole record */
  uint64_t damaged_bytes;           /**< in all of them */
  uint64_t records_behind_damage;   /**< whole records after the first: no reader sees them, salvage does */
  uint64_t missing_segments;        /**< ranges of ids without a file: a suspicion, compaction leaves gaps too */
  datawal_recovery_report recovery; /**< the same pass as recovery reports it */
  datawal_error damage;             /**< DATAWAL_OK unless is_damaged */
  uint64_t txids_missing;           /**< in all gaps together */
  int is_raw_only;                  /**< 1: no Put or Delete was found; compaction removes no Raw records */
  int unused;                       /**< 0 */
  uint64_t reserved[6];             /**< 0 */
} datawal_verify_report;

/** What lies in `.index` or `.state`, and what it is worth. */
typedef struct datawal_saved_report {
  datawal_index_state state; /**< DATAWAL_INDEX_USED if an open that asks for it would use it now */
  char reason[1024];         /**< why it would not, "" if it would; cut between two characters if it is longer */
  uint64_t bytes;            /**< of the file */
  uint64_t keys;             /**< `.index`: it knows; this and what follows is 0 unless it would be used */
  uint64_t segments;         /**< `.state`: it describes */
  uint64_t records_covered;  /**< need not be read */
  uint64_t last_txid;        /**< of the last one of these */
  uint64_t reserved[4];      /**< 0 */
} datawal_saved_report;

/** What datawal_scrub found. */
typedef struct datawal_scrub_report {
  datawal_verify_report verify; /**< as datawal_verify would have reported it */
  datawal_saved_report index;   /**< as of datawal_check_index; of datawal_inspect_index where it was not compared */
  datawal_saved_report state;   /**< as of datawal_check_state; of datawal_inspect_state where the log is damaged */
  int is_clean;                 /**< 1: no damage in the log, and neither index nor state is */
  int is_cancelled;             /**< 1: the callback stopped it, and this is of what was read until then */
  datawal_error damage;         /**< the first thing that is wrong; DATAWAL_OK if is_clean */
  uint64_t reserved[4];         /**< 0 */
} datawal_scrub_report;

/** What scrubbing in the background did since a store was opened. */
typedef struct datawal_scrub_stats {
  uint64_t runs;            /**< finished, failed or not */
  uint64_t failures;        /**< of these: found damage, or could not read everything */
  int is_enabled;           /**< 1: datawal_open_options.scrub was set */
  int is_failing;           /**< 1: the newest one failed */
  datawal_error last_error; /**< of the newest that failed, even if one has succeeded since; else DATAWAL_OK */
  uint64_t reserved[4];     /**< 0 */
} datawal_scrub_stats;

/** What datawal_survey found. */
typedef struct datawal_survey_report {
  datawal_verify_report verify; /**< as datawal_verify would have reported it */
  datawal_store_stats stats;    /**< of what lies before the first damage; of keys only if knows_keys */
  int is_complete;              /**< 0: the visitor ended it, and this is of what was read until then */
  int knows_keys;               /**< 1: live and dead were told apart, also of a log, which has no keys */
  uint64_t reserved[4];         /**< 0 */
} datawal_survey_report;

/** Bytes that are in no whole record, and why none begins there. */
typedef struct datawal_damaged_range {
  uint64_t begin;   /**< bytes from the start of the segment */
  uint64_t end;     /**< where the next whole record begins, or the segment ends */
  const char* why;  /**< valid as long as the library is loaded */
  uint32_t segment; /**< where they lie */
} datawal_damaged_range;

/** What a record is to whoever reads the store. */
typedef enum datawal_record_state {
  DATAWAL_STATE_RAW = 0,          /**< an event of a log */
  DATAWAL_STATE_LIVE = 1,         /**< the put that is its key's value, unless on_superseded says otherwise */
  DATAWAL_STATE_DEAD = 2,         /**< a put that something newer has superseded */
  DATAWAL_STATE_TOMBSTONE = 3,    /**< a delete */
  DATAWAL_STATE_PUT = 4,          /**< a put of which nobody knows whether it lives: keys were not read */
  DATAWAL_STATE_BEHIND_DAMAGE = 5 /**< whole, but behind the first damage: no reader shows it, salvage brings it */
} datawal_record_state;

/** Why some bytes are no record. */
typedef enum datawal_stretch_kind {
  DATAWAL_STRETCH_TORN = 0,      /**< the end of the newest segment, as a crash leaves it: nothing that was synced */
  DATAWAL_STRETCH_DAMAGED = 1,   /**< bytes that should be records */
  DATAWAL_STRETCH_RESERVED = 2,  /**< zeros at the end of the newest segment, for what comes: nothing is wrong */
  DATAWAL_STRETCH_UNFINISHED = 3 /**< what a live writer had begun to append when the survey came to it */
} datawal_stretch_kind;

/** A segment file, when the survey comes to it. */
typedef struct datawal_surveyed_segment {
  uint64_t bytes; /**< of the file when the survey began; a record that was half there then reaches beyond */
  uint32_t id;    /**< its number */
  int is_active;  /**< 1: the newest, which a writer appends to */
} datawal_surveyed_segment;

/** A record shown as live that a newer one has superseded. */
typedef struct datawal_superseded_record {
  uint64_t offset;     /**< bytes from the start of its segment */
  uint64_t by_offset;  /**< of the newer one */
  const char* key;     /**< valid during the call */
  size_t key_len;      /**< bytes */
  uint32_t segment;    /**< where it lies */
  uint32_t by_segment; /**< where the newer one lies */
  uint32_t len;        /**< bytes of its frame */
} datawal_superseded_record;

/** Bytes that are in no record. */
typedef struct datawal_stretch {
  uint64_t begin;            /**< bytes from the start of the segment */
  uint64_t end;              /**< behind the last one */
  const char* why;           /**< no record begins there; "" beyond the first 100 that are damaged. A literal */
  datawal_stretch_kind kind; /**< what they are */
  uint32_t segment;          /**< where they lie */
} datawal_stretch;

/** Told before anything else of that segment. What is pointed to is valid during the call, here and below. */
typedef void (*datawal_survey_segment)(void* context, const datawal_surveyed_segment* segment);
/** 0 ends the survey. */
typedef int (*datawal_survey_record)(void* context, const datawal_record* record, datawal_record_state state);
/** Of records that were shown; many at a time, the last behind all records. */
typedef void (*datawal_survey_superseded)(void* context, const datawal_superseded_record* record);
/** Those that are damaged come behind all sound records. */
typedef void (*datawal_survey_stretch)(void* context, const datawal_stretch* stretch);
/** Ids without a file, from the lowest to the highest; behind the sound records. */
typedef void (*datawal_survey_missing)(void* context, uint32_t first, uint32_t last);

/** What datawal_survey tells as it goes, in the order of the log; what is NULL is not told. The records and stretches of a segment cover it
 *  without a gap and without an overlap. */
typedef struct datawal_survey_visitor {
  size_t struct_size;                      /**< see the top of this file */
  void* context;                           /**< the first argument of all */
  datawal_survey_segment on_segment;       /**< each segment */
  datawal_survey_record on_record;         /**< each whole record */
  datawal_survey_superseded on_superseded; /**< each that was shown as live and is dead */
  datawal_survey_stretch on_stretch;       /**< bytes that are in no record */
  datawal_survey_missing on_missing;       /**< segments that are not there */
} datawal_survey_visitor;

/** One range, valid during the call; 0 stops the walk. */
typedef int (*datawal_damage_visitor)(void* context, const datawal_damaged_range* range);

/** What repair or salvage did. */
typedef struct datawal_repair_report {
  int was_cut;                    /**< repair: 1 if the store was cut, 0 if it was sound */
  uint32_t segment;               /**< repair: where it was cut */
  uint64_t offset;                /**< repair: bytes of that segment that remain */
  uint64_t bytes_quarantined;     /**< repair: kept beside the store as *.dwal.torn-OFFSET */
  uint64_t records_quarantined;   /**< repair: whole records among them (a lower bound) */
  uint64_t records_salvaged;      /**< salvage: records copied */
  uint64_t bytes_skipped;         /**< salvage: bytes in no whole record */
  uint64_t records_apart;         /**< whole frames that are bytes of a damaged record's value: not kept as records */
  uint64_t highest_txid_apart;    /**< repair: of these; no txid was taken over from them */
  uint64_t first_synced_txid_cut; /**< repair: synced, but no longer in the store; 0: there is none */
  uint64_t last_synced_txid_cut;  /**< repair: the last of these */
  int keys_may_return;            /**< repair: what is left holds Puts that what was cut may have superseded */
  int has_keys;                   /**< salvage: a Put or a Delete is among the records copied */
  uint64_t reserved[3];           /**< 0 */
} datawal_repair_report;

/** The progress of a long call. */
typedef void (*datawal_progress)(void* context, uint64_t bytes_done, uint64_t bytes_total);

/** The next whole lines of an export, valid during the call; 0 stops it. */
typedef int (*datawal_sink)(void* context, const char* lines, size_t size);

/** Fills `room` with the next bytes of an import. @return how many, up to `size`; 0 at the end; DATAWAL_SOURCE_FAILED */
typedef size_t (*datawal_source)(void* context, char* room, size_t size);

/** What a datawal_source returns when it fails: the import fails with DATAWAL_IO. */
#define DATAWAL_SOURCE_FAILED SIZE_MAX

/** One key and its value, valid during the call; 0 stops the walk. */
typedef int (*datawal_visitor)(void* context, const char* key, size_t key_len, const char* value, size_t value_len);

/** How frames reach the active segment. */
typedef enum datawal_write_path {
  DATAWAL_WRITE_AUTOMATIC = 0, /**< mapped where the filesystem honours reserved space, else append */
  DATAWAL_WRITE_MAPPED = 1,    /**< small records through a mapping of space reserved ahead */
  DATAWAL_WRITE_APPEND = 2     /**< one pwritev of whole frames per call */
} datawal_write_path;

/** How single records are read back. */
typedef enum datawal_read_path {
  DATAWAL_READ_MAPPED = 0, /**< faster; a failing disk raises SIGBUS */
  DATAWAL_READ_PREAD = 1   /**< a failing disk is DATAWAL_IO */
} datawal_read_path;

/** When the log syncs unasked. */
typedef enum datawal_sync_policy {
  DATAWAL_SYNC_MANUAL = 0,       /**< never */
  DATAWAL_SYNC_EVERY_APPEND = 1, /**< before each append returns */
  DATAWAL_SYNC_INTERVAL = 2      /**< in the background, every sync_interval_ms */
} datawal_sync_policy;

/** What open does if there is no store, and if there is one. */
typedef enum datawal_open_mode {
  DATAWAL_CREATE_IF_MISSING = 0, /**< opens the store, or makes one */
  DATAWAL_MUST_EXIST = 1,        /**< DATAWAL_NOT_FOUND if there is none; nothing is made */
  DATAWAL_MUST_BE_NEW = 2        /**< DATAWAL_ALREADY_EXISTS if there is one; nothing is changed */
} datawal_open_mode;

/** In place of a number of bytes: no limit. */
#define DATAWAL_UNLIMITED UINT64_MAX

/** Options for opening a store for writing. */
typedef struct datawal_open_options {
  size_t struct_size;              /**< see the top of this file */
  uint64_t max_segment_bytes;      /**< rotate before a segment is larger; 0: 256 MiB; DATAWAL_UNLIMITED: never */
  datawal_write_path write_path;   /**< how frames are written */
  datawal_read_path read_path;     /**< how single records are read */
  datawal_sync_policy sync_policy; /**< when to sync unasked */
  datawal_open_mode open_mode;     /**< what may be there */
  uint64_t sync_interval_ms;       /**< of DATAWAL_SYNC_INTERVAL, 1 to 4294967295; else 0 */
  uint32_t file_mode;              /**< permission bits of new files, with the owner's rw; 0: 0600 */
  uint32_t directory_mode;         /**< permission bits of new directories, with the owner's rwx; 0: 0700 */
  int drops_torn_tail;             /**< 1: cut a torn tail without keeping a copy of it */
  int allow_network_filesystem;    /**< 1: you vouch for a single writer */
  datawal_progress on_progress;    /**< called while open reads the segments; may be NULL */
  void* progress_context;          /**< its first argument */
  uint32_t open_threads;           /**< of datawal_store_open: 1 or 2; 0: two where that pays */
  int auto_compact;                /**< 1: run datawal_store_compact in the background */
  double auto_compact_ratio;       /**< begins when the sealed segments hold this share of garbage, up to 1; 0: 0.4 */
  uint64_t auto_compact_bytes_per_second; /**< read and written together; 0: 64 MiB; DATAWAL_UNLIMITED: no limit */
  int auto_compact_is_capped;             /**< 1: no faster than that, even if more is appended than freed */
  uint32_t reserved;                      /**< 0 */
  int index;                              /**< 1: datawal_store_open uses the persisted index, and it is kept up */
  int index_is_not_for_close;             /**< 1: it is not written at close */
  uint64_t index_least_records;           /**< nor if no more were appended behind the last one; 0: 20,000 */
  int index_loads_on_demand;              /**< 1: no thread loads it once the store is open */
  int verifies_all;                       /**< 1: every record is read all the same */
  int index_is_not_in_background;         /**< 1: no thread writes it now and then */
  uint32_t reserved_2;                    /**< 0 */
  uint64_t index_least_bytes;             /**< else one does when so much was appended behind the last one; 0: 64 MiB */
  int state;                              /**< 1: datawal_log_open uses the state of the log, and it is kept up */
  int state_is_not_for_rotation;          /**< 1: it is not written at rotation */
  int state_is_not_for_close;             /**< 1: nor at close */
  uint32_t reserved_3;                    /**< 0 */
  uint64_t state_least_bytes;             /**< nor where the next open would read no more of the log; 0: 1 MiB */
  uint64_t index_memory_limit;            /**< about so many bytes of memory for the index; 0: what it needs */
  int scrub;                              /**< 1: datawal_store_scrub in the background, of datawal_store_open */
  int scrub_skips_index;                  /**< 1: without comparing the persisted index */
  uint64_t scrub_period_s;                /**< seconds from the end of one to the next; 0: a week */
  uint64_t scrub_bytes_per_second;        /**< read of the log; 0: 16 MiB; DATAWAL_UNLIMITED: no limit */
} datawal_open_options;

/** Options for opening a store for reading. */
typedef struct datawal_reader_options {
  size_t struct_size;          /**< see the top of this file */
  datawal_read_path read_path; /**< of datawal_store_reader, for sealed segments; the active one is never mapped */
  uint32_t open_threads;       /**< of datawal_store_reader, 1 or 2; 0: two where that pays */
  int only_durable;            /**< of datawal_log_reader, 1: show only what is known to survive a loss of power;
                       datawal_store_reader refuses it */
  uint32_t reserved;           /**< 0 */
  int uses_index;      /**< of datawal_store_reader, 1: use the store's persisted index if there is one that fits */
  uint32_t reserved_2; /**< 0 */
  int uses_state;      /**< of datawal_log_reader, 1: use the state of the log if there is one that fits */
  uint32_t reserved_3; /**< 0 */
  uint64_t index_memory_limit; /**< where it uses the index: as datawal_open_options.index_memory_limit */
} datawal_reader_options;

/** How far a log is known to survive a loss of power. */
typedef struct datawal_durable_end {
  uint64_t offset;   /**< bytes of `segment` that a sync has covered; all earlier segments are durable */
  uint64_t txid;     /**< no record with this txid or a lower one is taken back */
  uint32_t segment;  /**< the highest one of the snapshot; 0: there is none */
  uint32_t reserved; /**< 0 */
} datawal_durable_end;

/** Options for following a log. */
typedef struct datawal_follower_options {
  size_t struct_size;        /**< see the top of this file */
  const char* cursor_file;   /**< where to save; takes precedence over `after`; not within the store; NULL: none */
  const datawal_ref* after;  /**< continue after this record, which was shown earlier; NULL: from the first one on */
  int shows_undurable;       /**< 1: also what a loss of power may take back, reported as DATAWAL_LOST_REPLACED */
  uint32_t poll_interval_ms; /**< longest time between two looks of datawal_follower_wait; 0: 100 */
} datawal_follower_options;

/** Why a follower will never be shown some records, or was shown what is no longer true. */
typedef enum datawal_lost_cause {
  DATAWAL_LOST_TRIMMED = 0, /**< segments were dropped before they were read: these txids are gone */
  DATAWAL_LOST_COMPACTED =
      1, /**< a compaction removed what was superseded, or a repair what was damaged: they are gone */
  DATAWAL_LOST_REPLACED = 2 /**< they were shown and then taken back; the present content follows */
} datawal_lost_cause;

/** What a follower has lost. */
typedef struct datawal_lost_records {
  uint64_t first_txid;      /**< of the range, both ends included; 0: nothing was lost yet */
  uint64_t last_txid;       /**< its end */
  datawal_lost_cause cause; /**< why */
  uint32_t reserved;        /**< 0 */
} datawal_lost_records;

/** How far a follower is behind the newest record that it would be shown. */
typedef struct datawal_lag {
  uint64_t txids;   /**< from its position to that record's */
  uint64_t records; /**< that are there; fewer than `txids` where some were removed */
  uint64_t bytes;   /**< of their frames */
} datawal_lag;

/** What a write survives once it has returned. */
typedef enum datawal_sync {
  DATAWAL_NO_SYNC = 0, /**< it survives only the death of the process */
  DATAWAL_SYNC = 1     /**< it, and all before it, survive a loss of power */
} datawal_sync;

/** What the newest record of a key is expected to be. */
typedef enum datawal_expect {
  DATAWAL_EXPECT_ANYTHING = 0, /**< always met: for callers who only want to know what was there */
  DATAWAL_EXPECT_ABSENT = 1,   /**< the key has no value */
  DATAWAL_EXPECT_RECORD = 2 /**< the key's value is in the very record that datawal_store_ref_of returned; a compaction
                                  may have moved it */
} datawal_expect;

/** The result of a conditional change. */
typedef struct datawal_outcome {
  datawal_ref previous; /**< the record that held the key's value, or still holds it if nothing was done; else zeros */
  datawal_ref ref;      /**< the record of this change; zeros if nothing was done */
  int is_done;          /**< 0: something else was there, and nothing changed */
  int had_value;        /**< 1: the key had a value, and `previous` is set */
} datawal_outcome;

/** The order in which a datawal_store_cursor shows the keys. */
typedef enum datawal_cursor_order {
  DATAWAL_ORDER_KEY = 0, /**< ascending, as bytes */
  DATAWAL_ORDER_LOG = 1  /**< as they were last put: begins at once and reads the log from front to back */
} datawal_cursor_order;

/** Which keys a datawal_store_cursor shows, and how. All bounds apply, in either order; NULL: no such bound. */
typedef struct datawal_store_cursor_options {
  size_t struct_size;         /**< see the top of this file */
  datawal_cursor_order order; /**< the order of the keys */
  int keys_only;              /**< 1: show no values: those of records over 1 KiB are neither read nor checked */
  const void* prefix;         /**< only keys that begin with it */
  size_t prefix_len;          /**< bytes */
  const void* from;           /**< only this key and those after it */
  size_t from_len;            /**< bytes */
  const void* after;          /**< only keys after this one: to continue where another cursor stopped */
  size_t after_len;           /**< bytes */
  const void* until;          /**< only keys before this one */
  size_t until_len;           /**< bytes */
} datawal_store_cursor_options;

/** What compact_to does with records that belong to no key. */
typedef enum datawal_raw_records {
  DATAWAL_RAW_REFUSE = 0,  /**< fail if there are any */
  DATAWAL_RAW_INCLUDE = 1, /**< copy them first */
  DATAWAL_RAW_DROP = 2     /**< leave them out */
} datawal_raw_records;

/** Options of long calls: those named `..._with`, `..._to` and `..._from`. */
typedef struct datawal_work_options {
  size_t struct_size;           /**< see the top of this file */
  datawal_progress on_progress; /**< called now and then; may be NULL */
  void* progress_context;       /**< its first argument */
} datawal_work_options;

/** Options of datawal_survey. */
typedef struct datawal_survey_options {
  size_t struct_size;           /**< see the top of this file */
  int skips_keys;               /**< 1: live records are not told from dead ones, which takes no memory */
  datawal_read_path read_path;  /**< how a record is looked at that a newer one supersedes */
  uint64_t max_index_bytes;     /**< 17 a key are needed, else as skips_keys; 0: no limit */
  datawal_progress on_progress; /**< called now and then; may be NULL */
  void* progress_context;       /**< its first argument */
} datawal_survey_options;

/** The progress of a compaction; 0 stops it. Must not call the store. */
typedef int (*datawal_compact_progress)(void* context, uint64_t bytes_done, uint64_t bytes_total);
/** The progress of a scrub; 0 stops it. */
typedef int (*datawal_scrub_progress)(void* context, uint64_t bytes_done, uint64_t bytes_total);

/** Options of datawal_scrub. */
typedef struct datawal_scrub_options {
  size_t struct_size;                 /**< see the top of this file */
  uint64_t max_bytes_per_second;      /**< read of the log; 0 and DATAWAL_UNLIMITED: no limit */
  datawal_scrub_progress on_progress; /**< called now and then; may be NULL */
  void* progress_context;             /**< its first argument */
  int skips_index;   /**< 1: the index is not compared, which takes 17 bytes of memory a key, 40 at the end */
  uint32_t reserved; /**< 0 */
} datawal_scrub_options;

/** For datawal_compact_options.min_garbage_ratio: every segment with any garbage at all. */
#define DATAWAL_ANY_GARBAGE 1e-9

/** Options of datawal_store_compact. */
typedef struct datawal_compact_options {
  size_t struct_size;            /**< see the top of this file */
  double min_garbage_ratio;      /**< segments with a smaller share of garbage are left as they are, up to 1; 0: 0.3 */
  uint64_t max_bytes_per_second; /**< read and written together; 0 and DATAWAL_UNLIMITED: no limit */
  datawal_compact_progress on_progress; /**< may be NULL */
  void* progress_context;               /**< its first argument */
} datawal_compact_options;

typedef struct datawal_log datawal_log;                   /**< datawal::RecordLog */
typedef struct datawal_log_reader datawal_log_reader;     /**< datawal::RecordLogReader */
typedef struct datawal_cursor datawal_cursor;             /**< datawal::RecordCursor */
typedef struct datawal_follower datawal_follower;         /**< datawal::Follower */
typedef struct datawal_store datawal_store;               /**< datawal::DataWal */
typedef struct datawal_store_reader datawal_store_reader; /**< datawal::DataWalReader */
typedef struct datawal_keys datawal_keys;                 /**< keys in memory */
typedef struct datawal_holds datawal_holds;               /**< holds in memory: datawal::Hold */
typedef struct datawal_rebuilder datawal_rebuilder;       /**< datawal::LogRebuilder */
typedef struct datawal_view datawal_view;                 /**< datawal::DataWalView */
typedef struct datawal_store_cursor datawal_store_cursor; /**< datawal::DataWalCursor */
typedef struct datawal_values datawal_values;             /**< datawal::Values */
typedef struct datawal_batch datawal_batch;               /**< datawal::Batch */

/* The library. */

const char* datawal_version(void);                           /**< "0.1.0" */
uint32_t datawal_wire_version(void);                         /**< of the format on disk */
const char* datawal_code_name(datawal_code code);            /**< "no_space"; "unknown" for any other number */
void datawal_buffer_free(datawal_buffer* buffer);            /**< frees and empties it */
void datawal_open_options_init(datawal_open_options*);       /**< the defaults: zeros after struct_size */
void datawal_reader_options_init(datawal_reader_options*);   /**< the same */
void datawal_compact_options_init(datawal_compact_options*); /**< the same */
void datawal_store_cursor_options_init(datawal_store_cursor_options*); /**< the same */
void datawal_follower_options_init(datawal_follower_options*);         /**< the same */
void datawal_work_options_init(datawal_work_options*);                 /**< the same */
void datawal_survey_options_init(datawal_survey_options*);             /**< the same */
void datawal_scrub_options_init(datawal_scrub_options*);               /**< the same */
void datawal_survey_visitor_init(datawal_survey_visitor*);             /**< the same: nothing is told */
/** The error of this thread's last failed call; DATAWAL_OK if none failed yet. Calls that succeed leave it unchanged. Valid until
 * the thread ends; changed by its next failed call. */
const datawal_error* datawal_last_error(void);
/** Sets `is_there` to 1 if `dir` holds a store or a log: a segment, or what is left of a store. 0 for an absent directory. */
datawal_code datawal_is_store(const char* dir, int* is_there, datawal_error* error);

/* The log: datawal/record_log.hpp. */

/** Opens the log in `dir` for writing, making it as needed, and recovers its longest valid prefix. */
datawal_code datawal_log_open(const char* dir, const datawal_open_options* options, datawal_log** log,
                              datawal_error* error);
/** Appends one raw record; `ref` may be NULL. */
datawal_code datawal_log_append(datawal_log* log, const void* payload, size_t payload_len, datawal_sync sync,
                                datawal_ref* ref, datawal_error* error);
/** datawal_log_append for any type, with a key. */
datawal_code datawal_log_append_record(datawal_log* log, datawal_record_type type, const void* key, size_t key_len,
                                       const void* payload, size_t payload_len, datawal_sync sync, datawal_ref* ref,
                                       datawal_error* error);
/** Appends `count` records as one, up to 4294967295; `refs` is NULL or has room for as many places. */
datawal_code datawal_log_append_batch(datawal_log* log, const datawal_input* records, size_t count, datawal_sync sync,
                                      datawal_ref* refs, datawal_error* error);
/** On return everything appended before survives a loss of power. */
datawal_code datawal_log_fsync(datawal_log* log, datawal_error* error);
/** Writes the state of now, where datawal_open_options.state is set; durable on return, as everything appended before.
 * DATAWAL_INVALID_ARGUMENT if it is not set. */
datawal_code datawal_log_save_state(datawal_log* log, datawal_error* error);

/** Seals the active segment and starts the next one. */
datawal_code datawal_log_rotate(datawal_log* log, datawal_error* error);
/** The payload of the record at `ref`; `key` and `type` may be NULL. */
datawal_code datawal_log_read(const datawal_log* log, const datawal_ref* ref, datawal_record_type* type,
                              datawal_buffer* key, datawal_buffer* payload, datawal_error* error);
/** Writes a place as `SEGMENT:OFFSET:LEN:TXID:CRC`, for a follower that notes its position. */
datawal_code datawal_ref_to_text(const datawal_ref* ref, char text[DATAWAL_REF_TEXT_SIZE], datawal_error* error);
/** Reads what datawal_ref_to_text() wrote; DATAWAL_INVALID_ARGUMENT for anything else. */
datawal_code datawal_ref_parse(const char* text, datawal_ref* ref, datawal_error* error);
/** The records present now, one at a time. */
datawal_code datawal_log_records(const datawal_log* log, datawal_cursor** cursor, datawal_error* error);
/** Removes the segments below `segment`, the oldest first; the newest record always stays. DATAWAL_INVALID_ARGUMENT if they hold a
 * Put. */
datawal_code datawal_log_drop_segments_before(datawal_log* log, uint32_t segment, datawal_error* error);
/** The same, even if they hold Puts: keys whose values lie there are gone. */
datawal_code datawal_log_drop_segments_with_keys_before(datawal_log* log, uint32_t segment, datawal_error* error);
/** A consistent copy as the new directory `dir`, which must be absent. `previous`, an earlier checkpoint to share files with, and
 * `report` may be NULL. */
datawal_code datawal_log_checkpoint(const datawal_log* log, const char* dir, const char* previous,
                                    datawal_checkpoint_report* report, datawal_error* error);
/** Counts; lists the directory. */
datawal_code datawal_log_stats_of(const datawal_log* log, datawal_log_stats* stats, datawal_error* error);
/** datawal_log_stats_of in the text format of Prometheus, labelled `name`. */
datawal_code datawal_log_prometheus(const datawal_log* log, const char* name, datawal_buffer* text,
                                    datawal_error* error);
void datawal_log_recovery_report(const datawal_log* log, datawal_recovery_report* report); /**< what open found */
uint64_t datawal_log_last_txid(const datawal_log* log);       /**< newest appended; 0 if none ever was */
uint64_t datawal_log_durable_txid(const datawal_log* log);    /**< newest known to survive a loss of power */
uint32_t datawal_log_active_segment(const datawal_log* log);  /**< its id */
int datawal_log_is_poisoned(const datawal_log* log);          /**< 1: open again to go on */
datawal_code datawal_log_close(datawal_log*, datawal_error*); /**< syncs and releases the lock */
void datawal_log_free(datawal_log* log);                      /**< closes it if need be */

/* Walking records. */

/** The next record, NULL at the end. It is valid until the next call. After an error every call returns the same error. */
datawal_code datawal_cursor_next(datawal_cursor* cursor, const datawal_record** record, datawal_error* error);
void datawal_cursor_report(const datawal_cursor* cursor, datawal_recovery_report* report); /**< what was found so far */
void datawal_cursor_free(datawal_cursor* cursor);                                          /**< ends it */

/* Reading a log without a lock and without changing a byte: datawal/record_log_reader.hpp. */

/** Takes a snapshot of the log in `dir`. */
datawal_code datawal_log_reader_open(const char* dir, const datawal_reader_options* options,
                                     datawal_log_reader** reader, datawal_error* error);
/** The snapshot's segments, ascending; valid until it is refreshed or freed. */
const uint32_t* datawal_log_reader_segments(const datawal_log_reader* reader, size_t* count);
/** The records of the snapshot. */
datawal_code datawal_log_reader_records(const datawal_log_reader* reader, datawal_cursor** cursor,
                                        datawal_error* error);
/** The records from a place that a datawal_ref once named. If no record begins there (any more), the cursor ends with
 *  DATAWAL_PLACE_LOST. */
datawal_code datawal_log_reader_records_from(const datawal_log_reader* reader, uint32_t segment, uint64_t offset,
                                             datawal_cursor** cursor, datawal_error* error);
/** The records after `last`, which this reader returned earlier; the cursor is DATAWAL_PLACE_LOST if `last` is gone. */
datawal_code datawal_log_reader_records_after(const datawal_log_reader* reader, const datawal_ref* last,
                                              datawal_cursor** cursor, datawal_error* error);
/** Takes a new snapshot; `changed`, which may be NULL, says whether it shows something new. */
datawal_code datawal_log_reader_refresh(datawal_log_reader* reader, int* changed, datawal_error* error);
/** Sets `lives` to 1 if a writer has the store open now, or if that cannot be determined. */
datawal_code datawal_log_reader_writer_lives(const datawal_log_reader* reader, int* lives, datawal_error* error);
/** As datawal_log_checkpoint, of the snapshot. */
datawal_code datawal_log_reader_checkpoint(const datawal_log_reader* reader, const char* dir, const char* previous,
                                           datawal_checkpoint_report* report, datawal_error* error);
/** How much of the snapshot a loss of power cannot take back: a lower bound, from the watermark that the writer keeps. */
datawal_code datawal_log_reader_durable_end(const datawal_log_reader* reader, datawal_durable_end* end,
                                            datawal_error* error);
void datawal_log_reader_free(datawal_log_reader* reader); /**< ends it */

/* Following a log that somebody else writes, across restarts of either side: datawal/follower.hpp. One thread at a time. */

/** Begins to follow the log in `dir`: after what the cursor file holds, after `after`, or with the first record. */
datawal_code datawal_follower_open(const char* dir, const datawal_follower_options* options,
                                   datawal_follower** follower, datawal_error* error);
/** The next record, NULL if there is none yet. It is valid until the next call on this follower. DATAWAL_PLACE_LOST once for each
 *  loss, described by datawal_follower_lost; the next call continues after it. */
datawal_code datawal_follower_next(datawal_follower* follower, const datawal_record** record, datawal_error* error);
/** What the last DATAWAL_PLACE_LOST reported. */
void datawal_follower_lost(const datawal_follower* follower, datawal_lost_records* lost);
/** Sleeps until there may be more, until a signal handler ran, or for `timeout_ms` at most; `is_more`, which may be NULL, says
 *  whether datawal_follower_next is worth calling. */
datawal_code datawal_follower_wait(datawal_follower* follower, uint32_t timeout_ms, int* is_more, datawal_error* error);
/** The record shown last, or after which it continued. @return 1; 0, and `ref` is all zeros, at the beginning. */
int datawal_follower_position(const datawal_follower* follower, datawal_ref* ref);
/** Writes the position to the cursor file, durably. Costs two syncs: save after a batch. DATAWAL_INVALID_ARGUMENT without a file. */
datawal_code datawal_follower_save(datawal_follower* follower, datawal_error* error);
/** How far it is behind now. Reads everything it is behind by. */
datawal_code datawal_follower_lag(const datawal_follower* follower, datawal_lag* lag, datawal_error* error);
void datawal_follower_free(datawal_follower* follower); /**< ends it; saves nothing */

/* Keys and values: datawal/data_wal.hpp. */

/** Opens the store in `dir` for writing, making it as needed. */
datawal_code datawal_store_open(const char* dir, const datawal_open_options* options, datawal_store** store,
                                datawal_error* error);
/** Sets the value of a key. */
datawal_code datawal_store_put(datawal_store* store, const void* key, size_t key_len, const void* value,
                               size_t value_len, datawal_sync sync, datawal_error* error);
/** The value of a key; `found` is 0, and the buffer empty, if it has none. */
datawal_code datawal_store_get(const datawal_store* store, const void* key, size_t key_len, datawal_buffer* value,
                               int* found, datawal_error* error);
/** The same into `room`: as much of the value as fits. `value_len` is the length of the whole value, which may be more; 0 if there is
 *  none. `room` may be NULL if `room_len` is 0: for the length alone. Allocates nothing where records are read from a mapping.
 *  `room` is unchanged if the key has no value or the call fails. */
datawal_code datawal_store_get_into(const datawal_store* store, const void* key, size_t key_len, void* room,
                                    size_t room_len, size_t* value_len, int* found, datawal_error* error);
/** The values of `count` keys, up to 4294967295, faster than one by one. `keys` holds their bytes back to back, `key_lens` their
 *  lengths. After an error, that of the first key that cannot be read, `values` is empty. */
datawal_code datawal_store_multi_get(const datawal_store* store, const void* keys, const size_t* key_lens, size_t count,
                                     datawal_values* values, datawal_error* error);
/** The value of a key, and the record that holds it, for datawal_store_put_if to expect. With two calls, datawal_store_get and then
 *  datawal_store_ref_of, a put in between would pass for what was read. `found` is 0, and the rest empty, if it has none. */
datawal_code datawal_store_find(const datawal_store* store, const void* key, size_t key_len, datawal_buffer* value,
                                datawal_ref* ref, int* found, datawal_error* error);
/** datawal_store_put if the key's newest record is as expected, checked and done in one step. `outcome`, which may be NULL, says what
 *  was there, also if nothing was done, which is no error. `expected` is NULL unless `expect` is DATAWAL_EXPECT_RECORD; it may be
 *  `&outcome->previous` of an earlier call, so that a loop continues with what was there instead; for its value call
 *  datawal_store_find. */
datawal_code datawal_store_put_if(datawal_store* store, const void* key, size_t key_len, datawal_expect expect,
                                  const datawal_ref* expected, const void* value, size_t value_len, datawal_sync sync,
                                  datawal_outcome* outcome, datawal_error* error);
/** datawal_store_erase on the same condition as datawal_store_put_if. */
datawal_code datawal_store_erase_if(datawal_store* store, const void* key, size_t key_len, datawal_expect expect,
                                    const datawal_ref* expected, datawal_sync sync, datawal_outcome* outcome,
                                    datawal_error* error);
/** Removes a key, whether or not it exists. */
datawal_code datawal_store_erase(datawal_store* store, const void* key, size_t key_len, datawal_sync sync,
                                 datawal_error* error);
/** Writes the changes of a batch as one; a later one of the same key wins. The batch stays as it is. */
datawal_code datawal_store_write(datawal_store* store, const datawal_batch* batch, datawal_sync sync,
                                 datawal_error* error);
/** datawal_store_write of an array of `count` puts and deletes, up to 4294967295. */
datawal_code datawal_store_write_array(datawal_store* store, const datawal_input* changes, size_t count,
                                       datawal_sync sync, datawal_error* error);
/** Sets `found` to 1 if the key has a value, else to 0. */
datawal_code datawal_store_contains(const datawal_store* store, const void* key, size_t key_len, int* found,
                                    datawal_error* error);
/** Where the record of a key lies; `found` is 0 if there is none. */
datawal_code datawal_store_ref_of(const datawal_store* store, const void* key, size_t key_len, datawal_ref* ref,
                                  int* found, datawal_error* error);
uint64_t datawal_store_size(const datawal_store* store);         /**< live keys; 0 once it is closed */
uint64_t datawal_store_last_txid(const datawal_store* store);    /**< newest written; 0 if none ever was */
uint64_t datawal_store_durable_txid(const datawal_store* store); /**< newest known to survive a loss of power */
/** All live keys, ascending. */
datawal_code datawal_store_keys(const datawal_store* store, datawal_keys** keys, datawal_error* error);
/** Calls `visit` for each live key, in the order in which they were last put. */
datawal_code datawal_store_for_each(const datawal_store* store, datawal_visitor visit, void* context,
                                    datawal_error* error);
/** On return everything put or erased before survives a loss of power. */
datawal_code datawal_store_fsync(datawal_store* store, datawal_error* error);
/** Writes the persisted index of now, whether or not datawal_open_options.index is set; durable on return, as everything put or erased
 *  before. A failure of the disk leaves the old one. */
datawal_code datawal_store_save_index(datawal_store* store, datawal_error* error);
/** datawal_scrub of this store, while it is in use. */
datawal_code datawal_store_scrub(const datawal_store* store, const datawal_scrub_options* options,
                                 datawal_scrub_report* report, datawal_error* error);
/** What scrubbing in the background did; all zeros for a closed store. */
datawal_code datawal_store_scrub_stats(const datawal_store* store, datawal_scrub_stats* stats, datawal_error* error);
/** Frees the space of what is dead, segment by segment, while the store is in use; `counts` may be NULL. */
datawal_code datawal_store_compact(datawal_store* store, const datawal_compact_options* options, datawal_counts* counts,
                                   datawal_error* error);
/** Writes the live keys as a new store into `dir`; `counts` may be NULL. */
datawal_code datawal_store_compact_to(const datawal_store* store, const char* dir, datawal_raw_records raw,
                                      datawal_counts* counts, datawal_error* error);
/** datawal_store_compact_to with progress. */
datawal_code datawal_store_compact_to_with(const datawal_store* store, const char* dir, datawal_raw_records raw,
                                           const datawal_work_options* options, datawal_counts* counts,
                                           datawal_error* error);
/** Writes a line of JSON per live key to `file`, replacing it; `counts` may be NULL. */
datawal_code datawal_store_export_jsonl(const datawal_store* store, const char* file, datawal_counts* counts,
                                        datawal_error* error);
/** datawal_store_export_jsonl with progress. */
datawal_code datawal_store_export_jsonl_with(const datawal_store* store, const char* file,
                                             const datawal_work_options* options, datawal_counts* counts,
                                             datawal_error* error);
/** Passes the same lines to `sink` in large pieces of whole lines. If `sink` stops it, is_cancelled is set in `counts`. `sink` may use
 *  the store, but must not close or free it. */
datawal_code datawal_store_export_jsonl_to(const datawal_store* store, datawal_sink sink, void* context,
                                           const datawal_work_options* options, datawal_counts* counts,
                                           datawal_error* error);
/** Puts every line of `file`; with `skip_bad`, lines that are no records are counted, not refused. The lines before a bad one are
 *  applied. Not durable before datawal_store_fsync. `counts` may be NULL. */
datawal_code datawal_store_import_jsonl(datawal_store* store, const char* file, int skip_bad, datawal_counts* counts,
                                        datawal_error* error);
/** datawal_store_import_jsonl with progress. */
datawal_code datawal_store_import_jsonl_with(datawal_store* store, const char* file, int skip_bad,
                                             const datawal_work_options* options, datawal_counts* counts,
                                             datawal_error* error);
/** datawal_store_import_jsonl from any source; messages call it `name`. Its size is not known: bytes_total is 0 until the end. */
datawal_code datawal_store_import_jsonl_from(datawal_store* store, datawal_source source, void* context,
                                             const char* name, int skip_bad, const datawal_work_options* options,
                                             datawal_counts* counts, datawal_error* error);
/** As datawal_log_checkpoint. */
datawal_code datawal_store_checkpoint(const datawal_store* store, const char* dir, const char* previous,
                                      datawal_checkpoint_report* report, datawal_error* error);
void datawal_store_stats_of(const datawal_store* store,
                            datawal_store_stats* stats); /**< counts; all 0 without memory */
/** As datawal_log_stats_of, for the log that holds the store. */
datawal_code datawal_store_log_stats(const datawal_store* store, datawal_log_stats* stats, datawal_error* error);
/** Counts of the first `room` segments, ascending; `count` says how many segments there are. `segments` may be NULL if `room` is
 * 0. */
datawal_code datawal_store_segments(const datawal_store* store, datawal_segment_stats* segments, size_t room,
                                    size_t* count, datawal_error* error);
/** Why the newest failed background compaction failed. DATAWAL_OK, also in `last`, if none has failed. */
datawal_code datawal_store_auto_compact_error(const datawal_store* store, datawal_error* last);
/** datawal_store_stats_of in the text format of Prometheus, labelled `name`. */
datawal_code datawal_store_prometheus(const datawal_store* store, const char* name, datawal_buffer* text,
                                      datawal_error* error);
void datawal_store_recovery_report(const datawal_store* store, datawal_recovery_report* report); /**< what open found */
int datawal_store_is_poisoned(const datawal_store* store);        /**< 1: open again to go on */
datawal_code datawal_store_close(datawal_store*, datawal_error*); /**< syncs and releases the lock */
void datawal_store_free(datawal_store* store);                    /**< closes it if need be */

/* Changes that are written together: datawal/batch.hpp. One thread at a time. */

/** An empty batch. */
datawal_code datawal_batch_new(datawal_batch** batch, datawal_error* error);
/** Adds a put; on failure the batch is unchanged. */
datawal_code datawal_batch_put(datawal_batch* batch, const void* key, size_t key_len, const void* value,
                               size_t value_len, datawal_error* error);
/** Adds a delete; on failure the batch is unchanged. */
datawal_code datawal_batch_erase(datawal_batch* batch, const void* key, size_t key_len, datawal_error* error);
void datawal_batch_clear(datawal_batch* batch);         /**< forgets all; keeps the memory */
size_t datawal_batch_count(const datawal_batch* batch); /**< changes */
void datawal_batch_free(datawal_batch* batch);          /**< ends it */

/* Values in memory, of datawal_store_multi_get: datawal/values.hpp. One thread at a time. */

/** Makes an empty one. Its memory is kept from call to call. */
datawal_code datawal_values_new(datawal_values** values, datawal_error* error);
size_t datawal_values_count(const datawal_values* values); /**< how many keys were asked for */
/** The value of key number `index`, from 0; NULL if it has none. Valid until `values` is filled again or freed. */
const char* datawal_values_at(const datawal_values* values, size_t index, size_t* value_len);
void datawal_values_free(datawal_values* values); /**< ends it */

/* Walking keys and values at the caller's pace: datawal/data_wal_cursor.hpp. One thread at a time. */

/** Shows the state of the store at the time of the call. It outlives the store. Sorts the keys first unless they are wanted in log
 * order. */
datawal_code datawal_store_cursor_open(const datawal_store* store, const datawal_store_cursor_options* options,
                                       datawal_store_cursor** cursor, datawal_error* error);
/** The same for a reader's state. */
datawal_code datawal_store_reader_cursor_open(const datawal_store_reader* reader,
                                              const datawal_store_cursor_options* options,
                                              datawal_store_cursor** cursor, datawal_error* error);
/** The same for a view. After the first one in an order, others in that order begin at once. */
datawal_code datawal_view_cursor_open(const datawal_view* view, const datawal_store_cursor_options* options,
                                      datawal_store_cursor** cursor, datawal_error* error);
/** The next key and its value, NULL after the last one. It is valid until the next call. With keys_only its payload is empty and its
 *  place is zeros. After an error every call returns the same error, until datawal_store_cursor_seek. */
datawal_code datawal_store_cursor_next(datawal_store_cursor* cursor, const datawal_record** record,
                                       datawal_error* error);
/** Makes datawal_store_cursor_next continue with the first key that is not before `key`, within the bounds.
 *  DATAWAL_INVALID_ARGUMENT in log order. */
datawal_code datawal_store_cursor_seek(datawal_store_cursor* cursor, const void* key, size_t key_len,
                                       datawal_error* error);
void datawal_store_cursor_free(datawal_store_cursor* cursor); /**< ends it */

/* A store at one instant, while it is written and compacted: datawal/data_wal_view.hpp. Any thread. */

/** A view of the store as it is now. It outlives the store. Copies the index. */
datawal_code datawal_view_open(const datawal_store* store, datawal_view** view, datawal_error* error);
/** As datawal_store_get, at that instant. */
datawal_code datawal_view_get(const datawal_view* view, const void* key, size_t key_len, datawal_buffer* value,
                              int* found, datawal_error* error);
/** As datawal_store_get_into. */
datawal_code datawal_view_get_into(const datawal_view* view, const void* key, size_t key_len, void* room,
                                   size_t room_len, size_t* value_len, int* found, datawal_error* error);
/** As datawal_store_multi_get. */
datawal_code datawal_view_multi_get(const datawal_view* view, const void* keys, const size_t* key_lens, size_t count,
                                    datawal_values* values, datawal_error* error);
/** As datawal_store_contains. */
datawal_code datawal_view_contains(const datawal_view* view, const void* key, size_t key_len, int* found,
                                   datawal_error* error);
/** As datawal_store_for_each. */
datawal_code datawal_view_for_each(const datawal_view* view, datawal_visitor visit, void* context,
                                   datawal_error* error);
uint64_t datawal_view_size(const datawal_view* view);      /**< live keys */
uint64_t datawal_view_last_txid(const datawal_view* view); /**< the log's newest record at that instant; 0: none */
void datawal_view_free(datawal_view* view);                /**< ends it */

/* What consumers still need, so that nothing of it is given back: datawal/holds.hpp. */

/** Sets the hold `name`: from now on no segment with a txid above `txid` is compacted or dropped. For a store that this process writes;
 *  `txid` is that of any record that is in it, or 0. Durable on return. */
datawal_code datawal_store_hold_from(datawal_store* store, const char* name, uint64_t txid, datawal_error* error);
/** Drops it; `was_there`, which may be NULL, says whether there was one. */
datawal_code datawal_store_drop_hold(datawal_store* store, const char* name, int* was_there, datawal_error* error);
/** As datawal_store_hold_from. */
datawal_code datawal_log_hold_from(datawal_log* log, const char* name, uint64_t txid, datawal_error* error);
/** As datawal_store_drop_hold. */
datawal_code datawal_log_drop_hold(datawal_log* log, const char* name, int* was_there, datawal_error* error);
/** The same from outside, whether or not somebody writes the store in `dir`; `txid` is that of a record that is known to be durable. */
datawal_code datawal_hold_from(const char* dir, const char* name, uint64_t txid, datawal_error* error);
/** As datawal_store_drop_hold, from outside. */
datawal_code datawal_drop_hold(const char* dir, const char* name, int* was_there, datawal_error* error);
/** The holds of the store in `dir`, by name. */
datawal_code datawal_holds_of(const char* dir, datawal_holds** holds, datawal_error* error);
size_t datawal_holds_count(const datawal_holds* holds); /**< how many there are */
/** The name of hold number `index`, from 0, and its txid; NULL after the last. Valid until the holds are freed. */
const char* datawal_holds_at(const datawal_holds* holds, size_t index, uint64_t* txid);
void datawal_holds_free(datawal_holds* holds); /**< ends them */

/* A log made once more from its frames, as they are: datawal/log_rebuilder.hpp. One thread at a time. */

/** Opens a log that goes on, or makes one. How segments grow and are written is not chosen here: those options are not looked at. */
datawal_code datawal_rebuilder_open(const char* dir, const datawal_open_options* options, datawal_rebuilder** rebuilder,
                                    datawal_error* error);
/** Its newest record. @return 1; 0, and `ref` is all zeros, if there is none. */
int datawal_rebuilder_last(const datawal_rebuilder* rebuilder, datawal_ref* ref);
uint32_t datawal_rebuilder_segment(const datawal_rebuilder* rebuilder); /**< to which the next frame goes */
/** From here on frames go to the segment `id`, which is this or a later one. If it is a later one, what was appended before survives a loss
 *  of power. */
datawal_code datawal_rebuilder_begin_segment(datawal_rebuilder* rebuilder, uint32_t id, datawal_error* error);
/** Appends whole frames, back to back, as they are. `before_txid` and `before_crc` are of the record that they stand behind, which must be
 *  datawal_rebuilder_last; 0 and 0 if there is none. Frames that stand elsewhere are DATAWAL_INVALID_ARGUMENT, damage is
 *  DATAWAL_CORRUPTION: nothing is written then. */
datawal_code datawal_rebuilder_append(datawal_rebuilder* rebuilder, const void* frames, size_t frames_len,
                                      uint64_t before_txid, uint32_t before_crc, datawal_error* error);
/** On return everything appended before survives a loss of power. */
datawal_code datawal_rebuilder_fsync(datawal_rebuilder* rebuilder, datawal_error* error);
datawal_code datawal_rebuilder_close(datawal_rebuilder* rebuilder,
                                     datawal_error* error); /**< syncs and releases the lock */
void datawal_rebuilder_free(datawal_rebuilder* rebuilder);  /**< closes it if need be */
/** The frame of a record that a cursor or a follower has shown, as it stands in its segment. */
datawal_code datawal_frame_of(const datawal_record* record, datawal_buffer* frame, datawal_error* error);

/* Keys in memory. */

size_t datawal_keys_count(const datawal_keys* keys); /**< how many there are */
/** Key number `index`, from 0; NULL after the last. Valid until the keys are freed. */
const char* datawal_keys_at(const datawal_keys* keys, size_t index, size_t* key_len);
void datawal_keys_free(datawal_keys* keys); /**< ends them */

/* Reading keys and values without a lock and without changing a byte: datawal/data_wal_reader.hpp. */

/** Builds the index of the store in `dir` by reading it once. */
datawal_code datawal_store_reader_open(const char* dir, const datawal_reader_options* options,
                                       datawal_store_reader** reader, datawal_error* error);
/** As datawal_store_get. */
datawal_code datawal_store_reader_get(const datawal_store_reader* reader, const void* key, size_t key_len,
                                      datawal_buffer* value, int* found, datawal_error* error);
/** As datawal_store_get_into. */
datawal_code datawal_store_reader_get_into(const datawal_store_reader* reader, const void* key, size_t key_len,
                                           void* room, size_t room_len, size_t* value_len, int* found,
                                           datawal_error* error);
/** As datawal_store_multi_get. */
datawal_code datawal_store_reader_multi_get(const datawal_store_reader* reader, const void* keys,
                                            const size_t* key_lens, size_t count, datawal_values* values,
                                            datawal_error* error);
/** As datawal_store_contains. */
datawal_code datawal_store_reader_contains(const datawal_store_reader* reader, const void* key, size_t key_len,
                                           int* found, datawal_error* error);
/** As datawal_store_keys. */
datawal_code datawal_store_reader_keys(const datawal_store_reader* reader, datawal_keys** keys, datawal_error* error);
uint64_t datawal_store_reader_size(const datawal_store_reader* reader); /**< live keys */
/** As datawal_store_for_each. */
datawal_code datawal_store_reader_for_each(const datawal_store_reader* reader, datawal_visitor visit, void* context,
                                           datawal_error* error);
/** As datawal_store_export_jsonl. */
datawal_code datawal_store_reader_export_jsonl(const datawal_store_reader* reader, const char* file,
                                               datawal_counts* counts, datawal_error* error);
/** As datawal_store_export_jsonl_with. */
datawal_code datawal_store_reader_export_jsonl_with(const datawal_store_reader* reader, const char* file,
                                                    const datawal_work_options* options, datawal_counts* counts,
                                                    datawal_error* error);
/** As datawal_store_export_jsonl_to. */
datawal_code datawal_store_reader_export_jsonl_to(const datawal_store_reader* reader, datawal_sink sink, void* context,
                                                  const datawal_work_options* options, datawal_counts* counts,
                                                  datawal_error* error);
/** As datawal_store_compact_to_with. */
datawal_code datawal_store_reader_compact_to_with(const datawal_store_reader* reader, const char* dir,
                                                  datawal_raw_records raw, const datawal_work_options* options,
                                                  datawal_counts* counts, datawal_error* error);
/** As datawal_store_compact_to. */
datawal_code datawal_store_reader_compact_to(const datawal_store_reader* reader, const char* dir,
                                             datawal_raw_records raw, datawal_counts* counts, datawal_error* error);
/** As datawal_log_checkpoint, of the snapshot. */
datawal_code datawal_store_reader_checkpoint(const datawal_store_reader* reader, const char* dir, const char* previous,
                                             datawal_checkpoint_report* report, datawal_error* error);
/** Moves on to the store's present state; `changed`, which may be NULL, says whether it is new. */
datawal_code datawal_store_reader_refresh(datawal_store_reader* reader, int* changed, datawal_error* error);
void datawal_store_reader_stats(const datawal_store_reader* reader, datawal_store_stats* stats); /**< counts */
void datawal_store_reader_report(const datawal_store_reader* reader,
                                 datawal_recovery_report* report); /**< what was found */
void datawal_store_reader_free(datawal_store_reader* reader);      /**< ends it */

/* What an open believes instead of reading: datawal/saved_index.hpp for stores, datawal/saved_state.hpp for logs. What is not asked for
 * is not looked at. From outside, whether or not somebody writes there; only drop wants the store's lock. `options` may be NULL. */

/** Looks at `.index`, and compares it with the segments that are there, as opening does. Some milliseconds at any size. */
datawal_code datawal_inspect_index(const char* dir, const datawal_reader_options* options, datawal_saved_report* report,
                                   datawal_error* error);
/** The same, and compares every page with what the log says: reads all of both, in 40 bytes of memory a key. */
datawal_code datawal_check_index(const char* dir, const datawal_reader_options* options, datawal_saved_report* report,
                                 datawal_error* error);
/** Removes `.index`, durably. `was_there`, which may be NULL, says whether there was one. DATAWAL_LOCKED if the store is open. */
datawal_code datawal_drop_index(const char* dir, const datawal_open_options* options, int* was_there,
                                datawal_error* error);
/** As datawal_inspect_index, for `.state`. */
datawal_code datawal_inspect_state(const char* dir, const datawal_reader_options* options, datawal_saved_report* report,
                                   datawal_error* error);
/** The same, and reads the log up to where the state goes: every segment must hold what it says. */
datawal_code datawal_check_state(const char* dir, const datawal_reader_options* options, datawal_saved_report* report,
                                 datawal_error* error);
/** As datawal_drop_index, for `.state`. */
datawal_code datawal_drop_state(const char* dir, const datawal_open_options* options, int* was_there,
                                datawal_error* error);

/* When something is wrong: datawal/verify.hpp, datawal/repair.hpp. */

/** Reads every frame of the store in `dir` and changes nothing. DATAWAL_OK for a damaged store too: see the report. */
datawal_code datawal_verify(const char* dir, datawal_verify_report* report, datawal_error* error);
/** datawal_verify, then calls `visit` for the first 100 ranges of bytes that are in no whole record, ascending. */
datawal_code datawal_verify_damage(const char* dir, datawal_damage_visitor visit, void* context,
                                   datawal_verify_report* report, datawal_error* error);
/** datawal_verify_damage with progress; `visit` may be NULL. */
datawal_code datawal_verify_with(const char* dir, datawal_damage_visitor visit, void* context,
                                 const datawal_work_options* options, datawal_verify_report* report,
                                 datawal_error* error);
/** datawal_verify at a limited speed, which also holds the persisted index and the state of the log against what it reads, in one pass:
 *  datawal/scrub.hpp. `options` and `report` may be NULL. @return DATAWAL_OK for a damaged store too: see the report */
datawal_code datawal_scrub(const char* dir, const datawal_scrub_options* options, datawal_scrub_report* report,
                           datawal_error* error);
/** datawal_verify that tells `visitor` of everything that is there: datawal/survey.hpp. Takes no lock; beside a live writer it surveys what
 *  was there when it began. `options` and `report` may be NULL. @return DATAWAL_OK for a damaged store too */
datawal_code datawal_survey(const char* dir, const datawal_survey_visitor* visitor,
                            const datawal_survey_options* options, datawal_survey_report* report, datawal_error* error);
/** Cuts the store at its first damage so that it opens again; keeps what it cuts. `report` may be NULL. */
datawal_code datawal_repair(const char* dir, datawal_repair_report* report, datawal_error* error);
/** datawal_repair with options: progress, and how the store is opened. */
datawal_code datawal_repair_with(const char* dir, const datawal_open_options* options, datawal_repair_report* report,
                                 datawal_error* error);
/** Copies every record that still decodes into the new store `out`. `report` may be NULL. */
datawal_code datawal_salvage(const char* dir, const char* out, datawal_repair_report* report, datawal_error* error);
/** datawal_salvage with options: progress, and how `out` is made. */
datawal_code datawal_salvage_with(const char* dir, const char* out, const datawal_open_options* options,
                                  datawal_repair_report* report, datawal_error* error);

#ifdef __cplusplus
}
#endif
/* NOLINTEND(modernize-use-using, modernize-deprecated-headers, readability-identifier-naming) */

#endif
