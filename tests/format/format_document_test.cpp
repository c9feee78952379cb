// docs/FORMAT.md says what the code does: its tables and its examples are read from it and compared.

#include <map>
#include <sstream>
#include <vector>

#include <gtest/gtest.h>

#include <datawal/format.hpp>
#include <datawal/segment.hpp>

#include "format/frame.hpp"
#include "format/holds.hpp"
#include "format/watermark.hpp"
#include "support/files.hpp"
#include "support/hex.hpp"
#include "support/printing.hpp"
#include "support/reference_codec.hpp"

namespace datawal::format {
namespace {

std::string document() { return test::read_file(std::filesystem::path(DATAWAL_DOCS) / "FORMAT.md"); }

// The lines below `heading`, up to the next heading.
std::vector<std::string> section(const std::string& heading) {
  std::vector<std::string> lines;
  std::istringstream text(document());
  bool inside = false;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("## ")) {
      inside = line == "## " + heading;
    } else if (inside) {
      lines.push_back(line);
    }
  }
  EXPECT_FALSE(lines.empty()) << heading;
  return lines;
}

using Cells = std::vector<std::string>;

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

// The rows of the table in a section, without its head.
std::vector<Cells> table(const std::string& heading) {
  std::vector<Cells> rows;
  for (const std::string& line : section(heading)) {
    if (!line.starts_with('|')) continue;
    Cells cells;
    for (std::size_t at = 1; at < line.size();) {
      const std::size_t end = line.find('|', at);
      cells.push_back(trimmed(std::string_view(line).substr(at, end - at)));
      at = end + 1;
    }
    rows.push_back(std::move(cells));
  }
  if (rows.size() < 2) throw std::runtime_error("no table in " + heading);
  rows.erase(rows.begin(), rows.begin() + 2);
  return rows;
}

struct Place {
  std::string offset, size;
  friend bool operator==(const Place&, const Place&) = default;
  friend void PrintTo(const Place& place, std::ostream* out) { *out << place.offset << " +" << place.size; }
};

Place place(std::size_t offset, std::size_t size) { return {std::to_string(offset), std::to_string(size)}; }

std::vector<std::pair<std::string, Place>> places(const std::string& heading) {
  std::vector<std::pair<std::string, Place>> found;
  for (const Cells& row : table(heading)) found.push_back({row.at(2), {row.at(0), row.at(1)}});
  return found;
}

TEST(FormatDocument, RecordTableHasTheCodesOffsets) {
  const std::string key_at = std::to_string(header_len);
  const std::vector<std::pair<std::string, Place>> want = {
      {"magic", place(field::magic, magic.size())},
      {"version", place(field::version, sizeof wire_version)},
      {"type", place(field::type, sizeof(RecordType))},
      {"flags", place(field::flags, 1)},
      {"txid", place(field::txid, sizeof(Header::txid))},
      {"key_len", place(field::key_len, sizeof(Header::key_len))},
      {"payload_len", place(field::payload_len, sizeof(Header::payload_len))},
      {"key", {key_at, "K"}},
      {"payload", {key_at + "+K", "P"}},
      {"crc32c", {key_at + "+K+P", std::to_string(crc_len)}},
  };
  EXPECT_EQ(places("The record"), want);
}

TEST(FormatDocument, RecordTableHasTheCodesLimits) {
  std::map<std::string, std::string> values;
  for (const Cells& row : table("The record")) values[row.at(2)] = row.at(3);
  EXPECT_EQ(values["magic"], "`" + std::string(magic) + "`");
  EXPECT_EQ(values["version"], std::to_string(wire_version));
  EXPECT_EQ(values["key_len"], "at most " + std::to_string(max_key_len));
  EXPECT_EQ(values["payload_len"], "at most " + std::to_string(max_payload_len));
  const auto text = document();
  EXPECT_NE(text.find("a record is " + std::to_string(frame_len(0, 0)) + " + K + P bytes"), std::string::npos);
}

TEST(FormatDocument, StopsAreTheCodesInItsOrder) {
  const std::vector<Cells> rows = table("Where a reader stops");
  ASSERT_EQ(rows.size(), static_cast<std::size_t>(Stop::txid_order));
  for (std::size_t n = 0; n < rows.size(); ++n) {
    EXPECT_EQ(rows[n].at(0), std::to_string(n + 1));
    EXPECT_EQ(rows[n].at(2), describe(static_cast<Stop>(n + 1)));
  }
}

TEST(FormatDocument, NamesTheHighestSegment) {
  const Cells row = table("The directory").front();
  EXPECT_EQ(row.at(0), "`NNNNNNNN.dwal`");
  EXPECT_NE(row.at(1).find(segment::filename(1).substr(0, 8)), std::string::npos);
  EXPECT_NE(row.at(1).find(std::to_string(segment::max_id)), std::string::npos);
}

// A line of an example: offset, bytes, field, value.
struct Line {
  std::size_t offset = 0;
  std::string bytes, field, value;
};

Line parse_line(const std::string& text) {
  Line line;
  std::istringstream words(text);
  words >> line.offset;
  std::string word;
  const auto is_byte = [](const std::string& w) {
    return w.size() == 2 && w.find_first_not_of("0123456789abcdef") == std::string::npos;
  };
  while (words >> word && is_byte(word)) line.bytes += test::from_hex(word);
  line.field = word;
  std::getline(words, line.value);
  line.value = trimmed(line.value);
  return line;
}

// The examples of the walk-through, in order; each line continues where the one before it ended.
std::vector<std::vector<Line>> examples() {
  std::vector<std::vector<Line>> blocks;
  bool inside = false;
  std::size_t end = 0;
  for (const std::string& text : section("A segment, walked through")) {
    if (text.starts_with("```")) {
      inside = !inside;
      if (inside) blocks.emplace_back();
      end = 0;
    } else if (inside) {
      blocks.back().push_back(parse_line(text));
      EXPECT_EQ(blocks.back().back().offset, end) << text;
      end += blocks.back().back().bytes.size();
    }
  }
  return blocks;
}

std::string bytes_of(const std::vector<Line>& lines) {
  std::string bytes;
  for (const Line& line : lines) bytes += line.bytes;
  return bytes;
}

// What the value column says is what the bytes beside it are.
void expect_value_fits(const Line& line) {
  const std::string first = line.value.substr(0, line.value.find(' '));
  if (line.field == "magic" || line.field == "key" || line.field == "payload") {
    EXPECT_EQ(line.bytes, line.value) << line.offset;
  } else if (line.field == "crc32c") {
    EXPECT_EQ(test::get_little_endian(line.bytes, 0, 4), std::stoul(first, nullptr, 16)) << line.offset;
  } else if (line.field == "reserved") {
    EXPECT_TRUE(is_all_zeros(line.bytes));
  } else {
    EXPECT_EQ(test::get_little_endian(line.bytes, 0, line.bytes.size()), std::stoull(first)) << line.offset;
  }
}

TEST(FormatDocument, WalksThroughASegmentAsTheDecoderDoes) {
  const std::vector<Line> lines = examples().at(0);
  const std::string segment = bytes_of(lines);
  struct Want {
    RecordType type;
    std::uint64_t txid;
    std::string_view key, payload;
  };
  std::size_t start = 0;
  std::size_t next_line = 0;
  for (const Want& want : {Want{RecordType::Raw, 1, "", "alpha"}, Want{RecordType::Put, 2, "k", "v"},
                           Want{RecordType::Delete, 3, "k", ""}}) {
    const DecodeOutcome outcome = decode_next(std::string_view(segment).substr(start));
    ASSERT_TRUE(outcome) << describe(outcome.stop);
    EXPECT_EQ(outcome.record.type, want.type);
    EXPECT_EQ(outcome.record.txid, want.txid);
    EXPECT_EQ(outcome.record.key, want.key);
    EXPECT_EQ(outcome.record.payload, want.payload);

    const std::map<std::string, std::size_t> offsets = {
        {"magic", field::magic},
        {"version", field::version},
        {"type", field::type},
        {"flags", field::flags},
        {"txid", field::txid},
        {"key_len", field::key_len},
        {"payload_len", field::payload_len},
        {"key", field::key},
        {"payload", field::key + want.key.size()},
        {"crc32c", outcome.record.len - crc_len},
    };
    const std::size_t end = start + outcome.record.len;
    for (; next_line < lines.size() && lines[next_line].offset < end; ++next_line) {
      const Line& line = lines[next_line];
      ASSERT_TRUE(offsets.contains(line.field)) << line.field;
      EXPECT_EQ(line.offset - start, offsets.at(line.field)) << line.field;
      expect_value_fits(line);
    }
    start = end;
  }
  EXPECT_EQ(start, segment.size());
}

TEST(FormatDocument, SegmentIsWhatTheEncoderWrites) {
  std::string written;
  const auto append = [&](RecordType type, std::string_view key, std::string_view payload, std::uint64_t txid) {
    std::string frame(static_cast<std::size_t>(frame_len(key.size(), payload.size())), '\0');
    ASSERT_TRUE(encode(type, txid, key, payload, frame));
    written += frame;
  };
  append(RecordType::Raw, "", "alpha", 1);
  append(RecordType::Put, "k", "v", 2);
  append(RecordType::Delete, "k", "", 3);
  EXPECT_EQ(test::to_hex(bytes_of(examples().at(0))), test::to_hex(written));
}

TEST(FormatDocument, WatermarkIsWhatTheCodecReadsAndWrites) {
  const std::vector<Line> lines = examples().at(1);
  const std::string bytes = bytes_of(lines);
  const Watermark want{.segment = 1, .inode = 131'081, .offset = bytes_of(examples().at(0)).size(), .txid = 3};
  EXPECT_EQ(decode_watermark(bytes), want);
  const auto written = encode_watermark(want);
  EXPECT_EQ(test::to_hex(bytes), test::to_hex({written.data(), written.size()}));

  std::vector<std::pair<std::string, Place>> found;
  for (const Line& line : lines) {
    found.push_back({line.field, place(line.offset, line.bytes.size())});
    expect_value_fits(line);
  }
  EXPECT_EQ(found, places("The watermark"));
}

TEST(FormatDocument, HoldsAreWhatTheCodecReadsAndWrites) {
  std::string text;
  bool is_inside = false;
  for (const std::string& line : section("The holds")) {
    if (line.starts_with("```")) {
      is_inside = line == "```text";
    } else if (is_inside) {
      text += line + '\n';
    }
  }
  const std::vector<Hold> want = {{.name = "backup", .txid = 12'345}, {.name = "mirror", .txid = 12'400}};
  EXPECT_EQ(text, encode_holds(want));
  EXPECT_EQ(decode_holds(text).holds, want);
  const std::string limits = "at most " + std::to_string(max_holds_len) + " bytes long";
  EXPECT_TRUE(document().contains(limits)) << limits;
  EXPECT_TRUE(document().contains("At most " + std::to_string(max_holds) + " of them"));
  EXPECT_TRUE(document().contains("1 to " + std::to_string(max_hold_name_len) + " letters"));
}

}  // namespace
}  // namespace datawal::format
