#include "support/reference_recovery.hpp"

#include <algorithm>
#include <map>

namespace datawal::fuzz {
namespace {

using format::Stop;

enum class Word : std::uint8_t { none, at_or_above, below };  // of the watermark on the stop

Outcome judge_active(Stop stop, Word word, bool& is_torn) {
  is_torn = false;
  if (stop == Stop::unknown_version) return Outcome::unsupported;
  if (word == Word::below) return Outcome::corruption;
  switch (stop) {
    case Stop::end_of_input:
    case Stop::zeros: return Outcome::opens;
    case Stop::bad_magic:
    case Stop::unknown_type:
    case Stop::unknown_flags:
    case Stop::key_too_long:
    case Stop::payload_too_long:
    case Stop::txid_order: is_torn = word == Word::at_or_above; break;
    default: is_torn = true; break;
  }
  return is_torn ? Outcome::opens : Outcome::corruption;
}

struct Segment {
  std::uint32_t id = 0;
  std::string_view bytes;
  std::uint64_t inode = 0;
};

Prediction refused(Prediction prediction, Outcome outcome, std::uint32_t segment, std::uint64_t offset) {
  prediction.outcome = outcome;
  prediction.segment = segment;
  prediction.offset = offset;
  return prediction;
}

Prediction predict_active(Prediction prediction, const Segment& active,
                          const std::optional<ReferenceWatermark>& watermark) {
  const ReferenceWalk walk = reference_walk(active.id, active.bytes, prediction.last_txid_shown());
  prediction.records.insert(prediction.records.end(), walk.records.begin(), walk.records.end());
  Word word = Word::none;
  std::uint64_t promised_txid = 0;
  const bool is_about_it = watermark && watermark->segment == active.id && watermark->inode == active.inode;
  if (is_about_it) {
    bool fits = watermark->offset == 0;
    for (const ReferenceRecord& record : walk.records) {
      const std::uint64_t end = record.offset + 28 + record.key.size() + record.payload.size();
      if (end == watermark->offset && record.txid == watermark->txid) fits = true;
    }
    if (fits) {
      word = Word::at_or_above;
      promised_txid = watermark->txid;
    } else if (walk.end < watermark->offset) {
      word = Word::below;
    }
  }
  const bool is_missing = watermark && watermark->segment > active.id;
  if (is_missing) word = Word::below;
  bool is_torn = false;
  const Outcome outcome = judge_active(walk.stop, word, is_torn);
  if (outcome != Outcome::opens) {
    return is_missing && outcome == Outcome::corruption ? refused(std::move(prediction), outcome, watermark->segment, 0)
                                                        : refused(std::move(prediction), outcome, active.id, walk.end);
  }
  prediction.active = active.id;
  prediction.valid_end = walk.end;
  std::size_t data_end = walk.end;
  if (is_torn) {
    data_end = active.bytes.find_last_not_of('\0') + 1;
    prediction.torn = std::string(active.bytes.substr(walk.end, data_end - walk.end));
  }
  prediction.preallocated = walk.stop == Stop::end_of_input ? 0 : active.bytes.size() - data_end;
  for (const ReferenceRecord& record : prediction.records) {
    prediction.last_txid = std::max(prediction.last_txid, record.txid);
  }
  prediction.last_txid = std::max(prediction.last_txid, promised_txid);
  return prediction;
}

}  // namespace

ReferenceWalk reference_walk(std::uint32_t segment, std::string_view bytes, std::uint64_t previous_txid) {
  ReferenceWalk walk;
  for (;;) {
    test::ReferenceOutcome outcome = test::reference_decode(bytes.substr(walk.end));
    walk.stop = outcome.stop;
    if (outcome.stop == Stop::none && outcome.txid <= previous_txid) walk.stop = Stop::txid_order;
    if (walk.stop != Stop::none) return walk;
    previous_txid = outcome.txid;
    walk.records.push_back({segment, walk.end, outcome.type, outcome.txid, outcome.key, outcome.payload});
    walk.end += outcome.len;
  }
}

std::optional<ReferenceWatermark> reference_watermark(std::string_view bytes) {
  if (bytes.size() != 64 || bytes.substr(0, 4) != "DWMK") return std::nullopt;
  if (test::get_little_endian(bytes, 4, 4) != 1) return std::nullopt;
  if (test::reference_crc(bytes.substr(0, 60)) != test::get_little_endian(bytes, 60, 4)) return std::nullopt;
  for (std::size_t at = 0; at < 60; ++at) {
    const bool is_reserved = (at >= 12 && at < 16) || at >= 40;
    if (is_reserved && bytes[at] != 0) return std::nullopt;
  }
  const ReferenceWatermark watermark{.segment = static_cast<std::uint32_t>(test::get_little_endian(bytes, 8, 4)),
                                     .inode = test::get_little_endian(bytes, 16, 8),
                                     .offset = test::get_little_endian(bytes, 24, 8),
                                     .txid = test::get_little_endian(bytes, 32, 8)};
  if (watermark.segment < 1 || watermark.segment > 99'999'999) return std::nullopt;
  return watermark;
}

std::uint32_t segment_id(std::string_view name) {
  if (name.size() != 13 || name.substr(8) != ".dwal") return 0;
  std::uint32_t id = 0;
  for (const char c : name.substr(0, 8)) {
    if (c < '0' || c > '9') return 0;
    id = 10 * id + static_cast<std::uint32_t>(c - '0');
  }
  return id;
}

Prediction predict(const Image& image, const std::filesystem::path& dir) {
  Prediction prediction;
  std::map<std::uint32_t, Segment> segments;
  for (const auto& [name, content] : image) {
    const std::uint32_t id = segment_id(name);
    if (id == 0) continue;
    if (content.starts_with('<') && !std::filesystem::is_regular_file(std::filesystem::symlink_status(dir / name))) {
      prediction.names_a_place = false;
      return refused(std::move(prediction), Outcome::corruption, id, 0);
    }
    segments[id] = {id, content, inode_of(dir / name)};
  }
  std::optional<ReferenceWatermark> watermark;
  if (const auto file = image.find(".watermark"); file != image.end() && link_count_of(dir / ".watermark") == 1) {
    watermark = reference_watermark(file->second);
  }
  if (segments.empty()) {
    if (watermark) return refused(std::move(prediction), Outcome::corruption, watermark->segment, 0);
    return prediction;
  }
  const Segment active = segments.rbegin()->second;
  segments.erase(active.id);
  for (const auto& [id, segment] : segments) {
    const ReferenceWalk walk = reference_walk(id, segment.bytes, prediction.last_txid_shown());
    prediction.records.insert(prediction.records.end(), walk.records.begin(), walk.records.end());
    if (walk.stop == Stop::end_of_input) continue;
    const Outcome outcome = walk.stop == Stop::unknown_version ? Outcome::unsupported : Outcome::corruption;
    return refused(std::move(prediction), outcome, id, walk.end);
  }
  return predict_active(std::move(prediction), active, watermark);
}

ReferenceSearch reference_search(std::string_view bytes) {
  ReferenceSearch search;
  std::size_t at = bytes.find("DWAL");
  while (at != std::string_view::npos) {
    const test::ReferenceOutcome found = test::reference_decode(bytes.substr(at));
    std::size_t next = at + 1;
    if (found.stop == Stop::none) {
      ++search.count;
      search.highest_txid = std::max(search.highest_txid, found.txid);
      search.crc_work += found.len;
      next = at + found.len;
    } else if (found.stop == Stop::crc_mismatch) {
      search.crc_work += 28 + test::get_little_endian(bytes, at + 16, 4) + test::get_little_endian(bytes, at + 20, 4);
    }
    at = bytes.find("DWAL", next);
  }
  return search;
}

std::vector<ReferenceRecord> reference_frames(std::string_view bytes) {
  std::vector<ReferenceRecord> frames;
  for (std::size_t at = bytes.find("DWAL"); at != std::string_view::npos; at = bytes.find("DWAL", at + 1)) {
    const test::ReferenceOutcome found = test::reference_decode(bytes.substr(at));
    if (found.stop != Stop::none) continue;
    frames.push_back(
        {0, at, static_cast<int>(found.type), found.txid, std::string(found.key), std::string(found.payload)});
  }
  return frames;
}

}  // namespace datawal::fuzz
