#include "record_reader.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include <datawal/segment.hpp>
#include <safeatomic/io.hpp>

#include "page_files.hpp"

namespace datawal::page {

namespace {

constexpr std::size_t read_at_once = std::size_t{1} << 20;

std::uint32_t number_at(const char* bytes) noexcept {
  std::uint32_t number = 0;
  std::memcpy(&number, bytes, sizeof number);  // a page's processor is little-endian, as the format is
  return number;
}

}  // namespace

bool RecordReader::load(const Rows::Row& row) {
  if (row.segment != segment_ || !file_) {
    auto directory = page_files().open_directory(page_files().given_name());
    if (!directory) return false;
    auto file = (*directory)->open_file(segment::filename(row.segment), {});
    if (!file) return false;
    file_ = std::move(*file);
    segment_ = row.segment;
    begin_ = end_ = 0;
  }
  if (row.offset < begin_ || row.offset + row.len > end_) {
    block_.resize(std::max<std::size_t>(row.len, read_at_once));
    const auto got = safeatomic::read_all(*file_, row.offset, block_);
    begin_ = row.offset;
    end_ = row.offset + got.value_or(0);
    if (!got || *got < row.len) return false;
  }
  frame_ = block_.data() + (row.offset - begin_);
  return true;
}

const format::DecodedRecord* RecordReader::read(const Rows::Row& row) {
  if (!load(row)) return nullptr;
  const format::DecodeOutcome decoded = format::decode_next({frame_, row.len});
  if (!decoded || decoded.record.len != row.len) return nullptr;
  record_ = decoded.record;
  return &record_;
}

const format::DecodedRecord* RecordReader::look(const Rows::Row& row) {
  if (!load(row)) return nullptr;
  const std::uint32_t key_len = number_at(frame_ + 16);
  const std::uint32_t payload_len = number_at(frame_ + 20);
  if (format::frame_len(key_len, payload_len) != row.len) return nullptr;
  record_ = {.type = row.type,
             .txid = row.txid,
             .key = {frame_ + format::header_len, key_len},
             .payload = {frame_ + format::header_len + key_len, payload_len},
             .len = row.len};
  return &record_;
}

}  // namespace datawal::page
