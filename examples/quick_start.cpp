// Appends a record, makes it durable, and prints all there are.

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
  return record ? 0 : fail(record.error());
}
