/* Every function of datawal.h, from C99. Runs in a directory that it makes and removes. */
#define _XOPEN_SOURCE 700

#include <datawal/datawal.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failures = 0;
static datawal_error error;

#define CHECK(condition)                                                                               \
  do {                                                                                                 \
    if (!(condition)) {                                                                                \
      ++failures;                                                                                      \
      fprintf(stderr, "%s:%d: %s does not hold; %s\n", __FILE__, __LINE__, #condition, error.message); \
    }                                                                                                  \
  } while (0)
#define OK(call) CHECK((call) == DATAWAL_OK)

static int is(const char* data, size_t size, const char* text) {
  return size == strlen(text) && memcmp(data, text, size) == 0;
}

static unsigned count(datawal_cursor* cursor) {
  const datawal_record* record = NULL;
  unsigned records = 0;
  while (datawal_cursor_next(cursor, &record, &error) == DATAWAL_OK && record != NULL) ++records;
  CHECK(error.code == DATAWAL_OK);
  datawal_cursor_free(cursor);
  return records;
}

static void note_progress(void* context, uint64_t bytes_done, uint64_t bytes_total) {
  CHECK(bytes_done <= bytes_total);
  *(int*)context = 1;
}

static void a_log_is_written_walked_and_read(void) {
  datawal_open_options options;
  datawal_open_options_init(&options);
  options.sync_policy = DATAWAL_SYNC_EVERY_APPEND;
  options.write_path = DATAWAL_WRITE_APPEND;
  options.read_path = DATAWAL_READ_PREAD;
  int progressed = 0;
  options.on_progress = note_progress;
  options.progress_context = &progressed;
  datawal_log* log = NULL;
  OK(datawal_log_open("log", &options, &log, &error));
  datawal_log* batched = NULL;
  OK(datawal_log_open("batched", NULL, &batched, &error));
  datawal_ref ref;
  OK(datawal_log_append(log, "one", 3, DATAWAL_NO_SYNC, &ref, &error));
  CHECK(ref.segment == 1 && ref.offset == 0 && ref.len == 31 && ref.txid == 1);
  char text[DATAWAL_REF_TEXT_SIZE];
  datawal_ref same;
  OK(datawal_ref_to_text(&ref, text, &error));
  OK(datawal_ref_parse(text, &same, &error));
  CHECK(same.segment == 1 && same.offset == 0 && same.len == 31 && same.txid == 1 && same.crc == ref.crc);
  CHECK(datawal_ref_parse("1:0:31:1", &same, &error) == DATAWAL_INVALID_ARGUMENT);
  OK(datawal_log_rotate(log, &error));
  OK(datawal_log_append_record(log, DATAWAL_PUT, "key", 3, "two", 3, DATAWAL_SYNC, &ref, NULL));
  OK(datawal_log_append(log, NULL, 0, DATAWAL_NO_SYNC, NULL, &error));
  const datawal_input batch[2] = {{DATAWAL_RAW, NULL, 0, "x", 1}, {DATAWAL_RAW, NULL, 0, "y", 1}};
  datawal_ref refs[2];
  OK(datawal_log_append_batch(batched, batch, 2, DATAWAL_NO_SYNC, refs, &error));
  CHECK(refs[1].txid == 2 && refs[1].segment == refs[0].segment);
  OK(datawal_log_append_batch(batched, NULL, 0, DATAWAL_NO_SYNC, NULL, &error));
  datawal_log_free(batched);
  OK(datawal_log_fsync(log, &error));
  CHECK(datawal_log_last_txid(log) == 3 && datawal_log_durable_txid(log) == 3);
  CHECK(datawal_log_active_segment(log) == 2 && !datawal_log_is_poisoned(log));

  datawal_record_type type = DATAWAL_RAW;
  datawal_buffer key, payload;
  OK(datawal_log_read(log, &ref, &type, &key, &payload, &error));
  CHECK(type == DATAWAL_PUT && is(key.data, key.size, "key") && is(payload.data, payload.size, "two"));
  datawal_buffer_free(&key);
  datawal_buffer_free(&payload);
  CHECK(payload.data == NULL);

  datawal_cursor* cursor = NULL;
  OK(datawal_log_records(log, &cursor, &error));
  const datawal_record* record = NULL;
  OK(datawal_cursor_next(cursor, &record, &error));
  CHECK(record != NULL && record->type == DATAWAL_RAW && record->ref.txid == 1 && record->key_len == 0);
  CHECK(record != NULL && is(record->payload, record->payload_len, "one"));
  CHECK(count(cursor) == 2);

  datawal_log* second = NULL;
  CHECK(datawal_log_open("log", NULL, &second, &error) == DATAWAL_LOCKED && second == NULL);
  CHECK(error.code == DATAWAL_LOCKED && strstr(error.message, "log") != NULL && strstr(error.path, "log") != NULL);

  OK(datawal_log_close(log, &error));
  CHECK(datawal_log_append(log, "late", 4, DATAWAL_NO_SYNC, NULL, &error) == DATAWAL_CLOSED);
  datawal_log_free(log);

  OK(datawal_log_open("log", &options, &log, &error));
  datawal_recovery_report report;
  datawal_log_recovery_report(log, &report);
  CHECK(report.records_replayed == 3 && report.files_scanned == 2 && !report.tail_truncated);
  CHECK(progressed);
  datawal_log_free(log);
}

static void a_reader_follows_a_log(void) {
  datawal_log* log = NULL;
  OK(datawal_log_open("log", NULL, &log, &error));
  datawal_log_reader* reader = NULL;
  OK(datawal_log_reader_open("log", NULL, &reader, &error));
  size_t segments = 0;
  const uint32_t* ids = datawal_log_reader_segments(reader, &segments);
  CHECK(segments == 2 && ids[0] == 1 && ids[1] == 2);
  datawal_cursor* cursor = NULL;
  OK(datawal_log_reader_records(reader, &cursor, &error));
  const datawal_record* record = NULL;
  OK(datawal_cursor_next(cursor, &record, &error));
  const datawal_ref first = record->ref;
  datawal_recovery_report report;
  datawal_cursor_report(cursor, &report);
  CHECK(report.records_replayed == 1);
  CHECK(count(cursor) == 2);
  OK(datawal_log_reader_records_after(reader, &first, &cursor, &error));
  CHECK(count(cursor) == 2);
  OK(datawal_log_reader_records_from(reader, 2, 0, &cursor, &error));
  CHECK(count(cursor) == 2);

  int flag = 1;
  OK(datawal_log_reader_refresh(reader, &flag, &error));
  CHECK(flag == 0);
  OK(datawal_log_append(log, "new", 3, DATAWAL_NO_SYNC, NULL, &error));
  OK(datawal_log_reader_refresh(reader, &flag, &error));
  CHECK(flag == 1);
  OK(datawal_log_reader_writer_lives(reader, &flag, &error));
  CHECK(flag == 1);
  datawal_durable_end end;
  OK(datawal_log_reader_durable_end(reader, &end, &error));
  CHECK(end.segment == 2 && end.txid == 3);
  datawal_log_reader_free(reader);
  datawal_log_free(log);
  CHECK(datawal_log_reader_open("nowhere", NULL, &reader, &error) == DATAWAL_NOT_FOUND && reader == NULL);
}

static void a_follower_goes_on_behind_what_it_saved(void) {
  datawal_log* log = NULL;
  OK(datawal_log_open("followed", NULL, &log, &error));
  OK(datawal_log_append(log, "one", 3, DATAWAL_SYNC, NULL, &error));
  datawal_follower_options options;
  datawal_follower_options_init(&options);
  options.cursor_file = "cursor";
  datawal_follower* follower = NULL;
  OK(datawal_follower_open("followed", &options, &follower, &error));
  const datawal_record* record = NULL;
  OK(datawal_follower_next(follower, &record, &error));
  CHECK(record != NULL && is(record->payload, record->payload_len, "one"));
  OK(datawal_follower_next(follower, &record, &error));
  CHECK(record == NULL);
  int is_more = 1;
  OK(datawal_follower_wait(follower, 0, &is_more, &error));
  CHECK(!is_more);
  datawal_lag behind;
  OK(datawal_follower_lag(follower, &behind, &error));
  CHECK(behind.txids == 0 && behind.records == 0 && behind.bytes == 0);
  datawal_ref position;
  CHECK(datawal_follower_position(follower, &position) && position.txid == 1);
  datawal_lost_records lost;
  datawal_follower_lost(follower, &lost);
  CHECK(lost.first_txid == 0);
  OK(datawal_follower_save(follower, &error));
  datawal_follower_free(follower);
  OK(datawal_follower_open("followed", &options, &follower, &error));
  OK(datawal_follower_next(follower, &record, &error));
  CHECK(record == NULL);
  datawal_follower_free(follower);
  datawal_log_free(log);
}

struct visited {
  int keys;
  int stop_after;
};

static int visit(void* context, const char* key, size_t key_len, const char* value, size_t value_len) {
  struct visited* seen = context;
  CHECK(key_len == 1 && value_len == 1 && key[0] + ('A' - 'a') == value[0]);
  return ++seen->keys != seen->stop_after;
}

static int stop_at_once(void* context, uint64_t bytes_done, uint64_t bytes_total) {
  CHECK(context == NULL && bytes_done <= bytes_total);
  return 0;
}

static void a_store_keeps_keys_and_values(void) {
  datawal_store* store = NULL;
  OK(datawal_store_open("kv", NULL, &store, &error));
  OK(datawal_store_put(store, "b", 1, "B", 1, DATAWAL_NO_SYNC, &error));
  OK(datawal_store_put(store, "a", 1, "A", 1, DATAWAL_NO_SYNC, &error));
  const datawal_input changes[2] = {{DATAWAL_PUT, "gone", 4, "", 0}, {DATAWAL_DELETE, "gone", 4, NULL, 0}};
  OK(datawal_store_write_array(store, changes, 2, DATAWAL_SYNC, &error));
  OK(datawal_store_erase(store, "never", 5, DATAWAL_NO_SYNC, &error));
  CHECK(datawal_store_last_txid(store) == 5 && datawal_store_durable_txid(store) == 4);

  datawal_buffer value;
  int found = 0;
  OK(datawal_store_get(store, "a", 1, &value, &found, &error));
  CHECK(found && is(value.data, value.size, "A") && strcmp(value.data, "A") == 0);
  datawal_buffer_free(&value);
  OK(datawal_store_get(store, "gone", 4, &value, &found, &error));
  CHECK(!found && value.data == NULL && value.size == 0);
  OK(datawal_store_contains(store, "b", 1, &found, &error));
  CHECK(found);
  datawal_ref ref;
  OK(datawal_store_ref_of(store, "b", 1, &ref, &found, &error));
  CHECK(found && ref.txid == 1);
  CHECK(datawal_store_size(store) == 2);

  datawal_keys* keys = NULL;
  OK(datawal_store_keys(store, &keys, &error));
  size_t length = 0;
  CHECK(datawal_keys_count(keys) == 2 && is(datawal_keys_at(keys, 0, &length), 1, "a") && length == 1);
  CHECK(datawal_keys_at(keys, 2, &length) == NULL);
  datawal_keys_free(keys);

  struct visited seen = {0, 1};
  OK(datawal_store_for_each(store, visit, &seen, &error));
  CHECK(seen.keys == 1);
  OK(datawal_store_fsync(store, &error));

  datawal_counts counts;
  OK(datawal_store_export_jsonl(store, "out.jsonl", &counts, &error));
  CHECK(counts.records_written == 2 && counts.bytes_written > 0);
  OK(datawal_store_import_jsonl(store, "out.jsonl", 0, &counts, &error));
  CHECK(counts.records_read == 2 && counts.records_written == 2);
  OK(datawal_store_compact_to(store, "compacted", DATAWAL_RAW_REFUSE, &counts, &error));
  CHECK(counts.live_keys == 2);
  CHECK(datawal_store_compact_to(store, "compacted", DATAWAL_RAW_REFUSE, NULL, &error) == DATAWAL_ALREADY_EXISTS);

  datawal_store_stats stats;
  datawal_store_stats_of(store, &stats);
  CHECK(stats.live_keys == 2 && stats.put_records == 5 && stats.delete_records == 2);
  OK(datawal_store_compact(store, NULL, &counts, &error));
  CHECK(counts.segments_rewritten == 1 && counts.bytes_reclaimed > 0 && counts.live_keys == 2);
  datawal_compact_options compact;
  datawal_compact_options_init(&compact);
  compact.on_progress = stop_at_once;
  OK(datawal_store_put(store, "a", 1, "A", 1, DATAWAL_NO_SYNC, &error));
  OK(datawal_store_compact(store, &compact, &counts, &error));
  CHECK(counts.is_cancelled);

  datawal_recovery_report report;
  datawal_store_recovery_report(store, &report);
  CHECK(report.records_replayed == 0 && !datawal_store_is_poisoned(store));
  OK(datawal_store_close(store, &error));
  datawal_store_free(store);
}

static void changes_are_collected_and_written_together(void) {
  int there = 1;
  OK(datawal_is_store("batches", &there, &error));
  CHECK(!there);
  datawal_open_options options;
  datawal_open_options_init(&options);
  options.open_mode = DATAWAL_MUST_BE_NEW;
  datawal_store* store = NULL;
  OK(datawal_store_open("batches", &options, &store, &error));
  OK(datawal_is_store("batches", &there, &error));
  CHECK(there);
  datawal_batch* batch = NULL;
  OK(datawal_batch_new(&batch, &error));
  OK(datawal_batch_put(batch, "a", 1, "A", 1, &error));
  OK(datawal_batch_put(batch, "b", 1, NULL, 0, &error));
  OK(datawal_batch_erase(batch, "b", 1, &error));
  CHECK(datawal_batch_count(batch) == 3);
  OK(datawal_store_write(store, batch, DATAWAL_SYNC, &error));
  CHECK(datawal_store_size(store) == 1 && datawal_store_durable_txid(store) == 3);
  datawal_batch_clear(batch);
  CHECK(datawal_batch_count(batch) == 0);
  OK(datawal_store_write(store, batch, DATAWAL_NO_SYNC, &error));
  datawal_batch_free(batch);
  datawal_store_free(store);
}

static void a_reader_looks_at_a_store(void) {
  datawal_store_reader* reader = NULL;
  datawal_reader_options options;
  datawal_reader_options_init(&options);
  options.read_path = DATAWAL_READ_PREAD;
  options.open_threads = 1;
  OK(datawal_store_reader_open("kv", &options, &reader, &error));
  datawal_buffer value;
  int found = 0;
  OK(datawal_store_reader_get(reader, "b", 1, &value, &found, &error));
  CHECK(found && is(value.data, value.size, "B"));
  datawal_buffer_free(&value);
  OK(datawal_store_reader_contains(reader, "gone", 4, &found, &error));
  CHECK(!found && datawal_store_reader_size(reader) == 2);
  struct visited seen = {0, -1};
  OK(datawal_store_reader_for_each(reader, visit, &seen, &error));
  CHECK(seen.keys == 2);
  datawal_counts counts;
  OK(datawal_store_reader_export_jsonl(reader, "again.jsonl", &counts, &error));
  CHECK(counts.records_written == 2);
  OK(datawal_store_reader_compact_to(reader, "again", DATAWAL_RAW_DROP, &counts, &error));
  int changed = 1;
  OK(datawal_store_reader_refresh(reader, &changed, &error));
  CHECK(!changed);
  datawal_store_stats stats;
  datawal_store_reader_stats(reader, &stats);
  CHECK(stats.live_keys == 2);
  datawal_recovery_report report;
  datawal_store_reader_report(reader, &report);
  CHECK(report.records_replayed >= 2);
  datawal_store_reader_free(reader);
}

static void segments_are_dropped_copied_and_counted(void) {
  datawal_log* log = NULL;
  OK(datawal_log_open("events", NULL, &log, &error));
  for (int n = 0; n < 3; ++n) {
    OK(datawal_log_append(log, "event", 5, DATAWAL_NO_SYNC, NULL, &error));
    OK(datawal_log_rotate(log, &error));
  }
  datawal_checkpoint_report copied;
  OK(datawal_log_checkpoint(log, "monday", NULL, &copied, &error));
  CHECK(copied.segments == 4 && copied.bytes == 3 * 33);
  CHECK(datawal_log_checkpoint(log, "monday", NULL, NULL, &error) == DATAWAL_ALREADY_EXISTS);
  OK(datawal_log_checkpoint(log, "tuesday", "monday", NULL, &error));
  OK(datawal_log_drop_segments_before(log, 3, &error));
  datawal_log_stats stats;
  OK(datawal_log_stats_of(log, &stats, &error));
  CHECK(stats.segments == 2 && stats.bytes == 33 && stats.last_txid == 3 && stats.durable_txid == 3);
  CHECK(stats.quarantined_files == 0 && !stats.has_recovered_torn_tail);
  CHECK(stats.appended_bytes == 3 * 33 && stats.synced_bytes == 3 * 33 && stats.syncs >= 3);
  uint64_t syncs = 0;
  for (int n = 0; n < DATAWAL_SYNC_BUCKETS; ++n) syncs += stats.sync_counts[n];
  CHECK(syncs == stats.syncs);
  datawal_buffer text;
  OK(datawal_log_prometheus(log, "events", &text, &error));
  CHECK(strstr(text.data, "{store=\"events\"} ") != NULL);
  datawal_buffer_free(&text);
  datawal_log_free(log);

  datawal_log_reader* reader = NULL;
  OK(datawal_log_reader_open("monday", NULL, &reader, &error));
  OK(datawal_log_reader_checkpoint(reader, "wednesday", NULL, &copied, &error));
  CHECK(copied.segments == 4);
  datawal_log_reader_free(reader);
}

static void stores_are_copied(void) {
  datawal_store* store = NULL;
  OK(datawal_store_open("copied", NULL, &store, &error));
  OK(datawal_store_put(store, "ada", 3, "1815", 4, DATAWAL_NO_SYNC, &error));
  OK(datawal_store_checkpoint(store, "copy", NULL, NULL, &error));
  datawal_store_free(store);
  datawal_store_reader* reader = NULL;
  OK(datawal_store_reader_open("copy", NULL, &reader, &error));
  CHECK(datawal_store_reader_size(reader) == 1);
  OK(datawal_store_reader_checkpoint(reader, "copy of it", NULL, NULL, &error));
  datawal_store_reader_free(reader);
}

static void the_background_compacts_and_segments_are_counted(void) {
  datawal_open_options options;
  datawal_open_options_init(&options);
  CHECK(options.struct_size == sizeof options && options.auto_compact == 0);
  options.auto_compact = 1;
  options.open_threads = 1;
  options.max_segment_bytes = 200;
  datawal_store* store = NULL;
  OK(datawal_store_open("kept small", &options, &store, &error));
  datawal_segment_stats segments[2];
  size_t count = 0;
  for (int n = 0; n < 200; ++n) {
    OK(datawal_store_put(store, "key", 3, "value", 5, DATAWAL_NO_SYNC, &error));
  }
  do { /* until the background has given back what is dead */
    OK(datawal_store_segments(store, segments, 2, &count, &error));
  } while (count > 2);
  CHECK(segments[0].segment >= 30);
  datawal_store_stats counts;
  do { /* the segments go before the run has ended */
    datawal_store_stats_of(store, &counts);
  } while (counts.auto_compact_runs == 0);
  CHECK(counts.auto_compact_failures == 0 && counts.auto_compact_failing == 0);
  OK(datawal_store_auto_compact_error(store, &error));
  CHECK(count == 1 || segments[1].is_active);
  OK(datawal_store_segments(store, NULL, 0, &count, &error));
  CHECK(datawal_store_segments(store, NULL, 1, &count, &error) == DATAWAL_INVALID_ARGUMENT && count == 0);
  datawal_log_stats stats;
  OK(datawal_store_log_stats(store, &stats, &error));
  CHECK(stats.appended_bytes > 0);
  datawal_buffer text;
  OK(datawal_store_prometheus(store, "cache", &text, &error));
  CHECK(strstr(text.data, "{store=\"cache\"} 1") != NULL);
  datawal_buffer_free(&text);
  datawal_store_free(store);
}

static int count_damage(void* context, const datawal_damaged_range* range) {
  uint64_t* bytes = context;
  CHECK(range->segment == 1 && range->why[0] != '\0');
  *bytes += range->end - range->begin;
  return 1;
}

static void damage_is_found_repaired_and_salvaged(void) {
  FILE* segment = fopen("log/00000001.dwal", "r+b");
  CHECK(segment != NULL && fseek(segment, 25, SEEK_SET) == 0 && fputc('X', segment) == 'X' && fclose(segment) == 0);

  datawal_verify_report found;
  OK(datawal_verify("log", &found, &error));
  CHECK(!found.is_clean && found.is_damaged && found.damage.code == DATAWAL_CORRUPTION && found.damage.segment == 1);
  CHECK(found.damaged_ranges == 1 && found.damaged_bytes == 31 && found.records_behind_damage == 3);
  CHECK(found.missing_segments == 0);
  uint64_t damaged = 0;
  datawal_verify_report again;
  OK(datawal_verify_damage("log", count_damage, &damaged, &again, &error));
  CHECK(damaged == 31 && again.is_damaged);
  CHECK(datawal_verify_damage("log", NULL, NULL, NULL, &error) == DATAWAL_INVALID_ARGUMENT);
  datawal_log* log = NULL;
  CHECK(datawal_log_open("log", NULL, &log, &error) == DATAWAL_CORRUPTION && error.segment == 1);

  datawal_repair_report did;
  OK(datawal_salvage("log", "salvaged", &did, &error));
  CHECK(did.records_salvaged == 3 && did.bytes_skipped == 31);
  OK(datawal_repair("log", &did, &error));
  CHECK(did.was_cut && did.segment == 1 && did.offset == 0 && did.records_quarantined == 3);
  OK(datawal_log_open("log", NULL, &log, &error));
  datawal_log_free(log);
}

static void what_is_null_is_refused_or_ignored(void) {
  CHECK(datawal_log_open(NULL, NULL, NULL, &error) == DATAWAL_INVALID_ARGUMENT && error.message[0] != '\0');
  CHECK(datawal_log_append(NULL, "", 0, DATAWAL_SYNC, NULL, NULL) == DATAWAL_INVALID_ARGUMENT);
  CHECK(datawal_store_get(NULL, "", 0, NULL, NULL, &error) == DATAWAL_INVALID_ARGUMENT);
  CHECK(datawal_cursor_next(NULL, NULL, &error) == DATAWAL_INVALID_ARGUMENT);
  CHECK(datawal_log_checkpoint(NULL, "x", NULL, NULL, &error) == DATAWAL_INVALID_ARGUMENT);
  CHECK(datawal_log_stats_of(NULL, NULL, &error) == DATAWAL_INVALID_ARGUMENT);
  datawal_log_free(NULL);
  datawal_log_reader_free(NULL);
  datawal_cursor_free(NULL);
  datawal_store_free(NULL);
  datawal_store_reader_free(NULL);
  datawal_keys_free(NULL);
  datawal_buffer_free(NULL);
  CHECK(strcmp(datawal_code_name(DATAWAL_NO_SPACE), "no_space") == 0);
  CHECK(strcmp(datawal_code_name(DATAWAL_NO_MEMORY), "no_memory") == 0);
  CHECK(strcmp(datawal_code_name(DATAWAL_PLACE_LOST), "place_lost") == 0);
  CHECK(datawal_wire_version() == 1 && datawal_version()[0] != '\0');
}

static int remove_entry(const char* path, const struct stat* info, int kind, struct FTW* place) {
  (void)info, (void)kind, (void)place;
  return remove(path);
}

int main(void) {
  char directory[] = "/tmp/datawal-capi-XXXXXX";
  if (mkdtemp(directory) == NULL || chdir(directory) != 0) {
    perror(directory);
    return 2;
  }
  a_log_is_written_walked_and_read();
  a_reader_follows_a_log();
  a_follower_goes_on_behind_what_it_saved();
  a_store_keeps_keys_and_values();
  changes_are_collected_and_written_together();
  a_reader_looks_at_a_store();
  segments_are_dropped_copied_and_counted();
  stores_are_copied();
  the_background_compacts_and_segments_are_counted();
  damage_is_found_repaired_and_salvaged();
  what_is_null_is_refused_or_ignored();
  if (chdir("/") != 0 || nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS) != 0) ++failures;
  if (failures != 0) fprintf(stderr, "%d checks failed\n", failures);
  return failures == 0 ? 0 : 1;
}
