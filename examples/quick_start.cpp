// A log and a key/value store: appends, makes durable, reads back.

#include <iostream>

#include <datawal/datawal.hpp>

static int fail(const datawal::Error& error) {
  std::cerr << error.message() << '\n';
  return 1;
}

int main() {
  auto log = datawal::RecordLog::open("events");  // makes the store, or recovers what a crash left
  if (!log) return fail(log.error());
  if (auto place = log->append("door opened"); !place) return fail(place.error());  // survives kill -9 from here on
  if (auto synced = log->fsync(); !synced) return fail(synced.error());             // and a loss of power from here on
  auto records = log->records();
  auto record = records.next();
  for (; record && *record; record = records.next()) std::cout << (*record)->txid << ' ' << (*record)->payload << '\n';
  if (!record) return fail(record.error());

  auto born = datawal::DataWal::open("born");  // keys and values in such a log
  if (!born) return fail(born.error());
  if (auto put = born->put("ada", "1815", {.sync = true}); !put) return fail(put.error());
  auto year = born->get("ada");  // year: the call went well; *year: the key is there; **year: its value
  if (year && *year) std::cout << "ada " << **year << '\n';
}
