// A mirror: the same bytes in another directory, taken beside whoever writes: docs/RECIPES.md.
//   mirror SOURCE MIRROR        takes what is new, and ends
#include <iostream>
#include <string>

#include <datawal/datawal.hpp>

static datawal::Result<void> take_new(const std::filesystem::path& source, datawal::LogRebuilder& mirror) {
  auto reader = datawal::RecordLogReader::open(source, {.only_durable = true});  // what is taken is never taken back
  if (!reader) return datawal::propagate(reader);
  auto cursor = mirror.last() ? reader->records_after(*mirror.last()) : reader->records();
  for (std::string frame;;) {
    auto next = cursor.next();
    if (!next) return datawal::propagate(next);  // place_lost: this mirror is of another history
    if (!*next) break;
    const datawal::RecordView& record = **next;
    frame.resize(record.ref.len);
    (void)datawal::format::encode(record.type, record.txid, record.key, record.payload, frame);
    datawal::LogRebuilder::Before before;
    if (mirror.last()) before = {.txid = mirror.last()->txid, .crc = mirror.last()->crc};
    if (auto begun = mirror.begin_segment(record.ref.segment); !begun) return begun;
    if (auto taken = mirror.append(frame, before); !taken) return taken;
  }
  if (!mirror.last()) return {};
  if (auto synced = mirror.fsync(); !synced) return synced;
  // One less than the newest: so that record stays too, and shows where to go on.
  return datawal::hold_from(source, "mirror", mirror.last()->txid - 1);
}

int main(int argc, char** argv) {
  if (argc != 3) return 1;
  datawal::Result<void> done;
  auto mirror = datawal::LogRebuilder::open(argv[2]);
  if (!mirror) done = datawal::propagate(mirror);
  if (done && !mirror->last()) done = datawal::hold_from(argv[1], "mirror", 0);  // before anything is taken
  if (done) done = take_new(argv[1], *mirror);
  if (done) done = mirror->close();
  if (done) return 0;
  std::cerr << done.error().message() << '\n';
  return 1;
}
