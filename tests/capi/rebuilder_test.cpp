// A log made once more from its frames, from C.

#include <filesystem>

#include "capi/capi_support.hpp"
#include "support/files.hpp"

namespace datawal::test {
namespace {

using CRebuilder = std::unique_ptr<datawal_rebuilder, FreeHandle<datawal_rebuilder_free>>;
using CRecordCursor = std::unique_ptr<datawal_cursor, FreeHandle<datawal_cursor_free>>;

class CapiRebuilder : public CapiTest {
 protected:
  [[nodiscard]] CRebuilder open(std::string_view name) const {
    datawal_rebuilder* rebuilder = nullptr;
    EXPECT_EQ(datawal_rebuilder_open(in_dir(name).c_str(), nullptr, &rebuilder, nullptr), DATAWAL_OK) << last_error();
    return CRebuilder(rebuilder);
  }
};

TEST_F(CapiRebuilder, MakesALogWithTheSameBytes) {
  const CLog log = open_log("log");
  append(log, "one");
  EXPECT_EQ(datawal_log_rotate(log.get(), nullptr), DATAWAL_OK);
  append(log, "two");
  append(log, "three");
  datawal_cursor* cursor = nullptr;
  ASSERT_EQ(datawal_log_records(log.get(), &cursor, nullptr), DATAWAL_OK) << last_error();
  const CRecordCursor records(cursor);

  const CRebuilder copy = open("copy");
  datawal_ref last;
  EXPECT_EQ(datawal_rebuilder_last(copy.get(), &last), 0);
  for (const datawal_record* record = nullptr;;) {
    ASSERT_EQ(datawal_cursor_next(cursor, &record, nullptr), DATAWAL_OK) << last_error();
    if (record == nullptr) break;
    ASSERT_EQ(datawal_rebuilder_begin_segment(copy.get(), record->ref.segment, nullptr), DATAWAL_OK) << last_error();
    datawal_buffer frame;
    ASSERT_EQ(datawal_frame_of(record, &frame, nullptr), DATAWAL_OK) << last_error();
    EXPECT_EQ(frame.size, record->ref.len);
    ASSERT_EQ(datawal_rebuilder_append(copy.get(), frame.data, frame.size, last.txid, last.crc, nullptr), DATAWAL_OK)
        << last_error();
    datawal_buffer_free(&frame);
    EXPECT_EQ(datawal_rebuilder_last(copy.get(), &last), 1);
    EXPECT_EQ(last.txid, record->ref.txid);
    EXPECT_EQ(last.offset, record->ref.offset);
    EXPECT_EQ(last.crc, record->ref.crc);
  }
  EXPECT_EQ(datawal_rebuilder_segment(copy.get()), 2U);
  EXPECT_EQ(datawal_rebuilder_fsync(copy.get(), nullptr), DATAWAL_OK) << last_error();
  EXPECT_EQ(datawal_rebuilder_close(copy.get(), nullptr), DATAWAL_OK) << last_error();
  EXPECT_EQ(datawal_log_close(log.get(), nullptr), DATAWAL_OK) << last_error();
  for (const char* name : {"00000001.dwal", "00000002.dwal"}) {
    EXPECT_EQ(read_file(in_dir("copy") + "/" + name), read_file(in_dir("log") + "/" + name)) << name;
  }
}

TEST_F(CapiRebuilder, RefusesWhatItCannotTake) {
  const CRebuilder copy = open("copy");
  datawal_rebuilder* other = nullptr;
  EXPECT_EQ(datawal_rebuilder_open(nullptr, nullptr, &other, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_rebuilder_open(in_dir("copy").c_str(), nullptr, &other, nullptr), DATAWAL_LOCKED);
  EXPECT_EQ(other, nullptr);
  EXPECT_EQ(datawal_rebuilder_append(copy.get(), "no frame", 8, 0, 0, nullptr), DATAWAL_CORRUPTION);
  EXPECT_EQ(datawal_rebuilder_append(copy.get(), "no frame", 8, 1, 0, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_rebuilder_append(copy.get(), nullptr, 8, 0, 0, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_rebuilder_append(nullptr, "", 0, 0, 0, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_rebuilder_begin_segment(nullptr, 1, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_rebuilder_begin_segment(copy.get(), 0, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_rebuilder_fsync(nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_rebuilder_close(nullptr, nullptr), DATAWAL_OK);
  EXPECT_EQ(datawal_rebuilder_last(nullptr, nullptr), 0);
  EXPECT_EQ(datawal_rebuilder_segment(nullptr), 0U);
  datawal_buffer frame;
  EXPECT_EQ(datawal_frame_of(nullptr, &frame, nullptr), DATAWAL_INVALID_ARGUMENT);
  datawal_record record{};
  EXPECT_EQ(datawal_frame_of(&record, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  record.payload_len = 1;
  EXPECT_EQ(datawal_frame_of(&record, &frame, nullptr), DATAWAL_INVALID_ARGUMENT) << "its payload is NULL";
  datawal_rebuilder_free(nullptr);
}

}  // namespace
}  // namespace datawal::test
