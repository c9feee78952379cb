// datawal_from_leveldb OLD NEW: copies every key and value of the closed LevelDB database OLD into the new store NEW.

#include <leveldb/db.h>

#include <iostream>
#include <memory>
#include <string_view>

#include <datawal/datawal.hpp>

namespace {

std::string_view view(const leveldb::Slice& slice) { return {slice.data(), slice.size()}; }

int fail(const std::string& why) {
  std::cerr << why << '\n';
  return 1;
}

int copy(const char* from, const char* to) {
  leveldb::DB* opened = nullptr;
  leveldb::Options options;
  options.paranoid_checks = true;
  if (const leveldb::Status status = leveldb::DB::Open(options, from, &opened); !status.ok()) {
    return fail(status.ToString());
  }
  const std::unique_ptr<leveldb::DB> old(opened);
  datawal::Result<datawal::DataWal> store = datawal::DataWal::open(to);
  if (!store) return fail(store.error().message());
  if (!store->empty()) return fail(std::string(to) + " is not empty");

  leveldb::ReadOptions reading;
  reading.verify_checksums = true;
  reading.fill_cache = false;
  const std::unique_ptr<leveldb::Iterator> at(old->NewIterator(reading));
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    if (const auto put = store->put(view(at->key()), view(at->value())); !put) return fail(put.error().message());
  }
  if (!at->status().ok()) return fail(at->status().ToString());
  const auto copied = store->size();
  if (const auto closed = store->close(); !closed) return fail(closed.error().message());  // durable from here on
  std::cout << copied << " keys copied\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return argc == 3 ? copy(argv[1], argv[2]) : fail("usage: datawal_from_leveldb OLD NEW");
}
