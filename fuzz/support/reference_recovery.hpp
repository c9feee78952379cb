#pragma once
// What opening a store must come to, from the table of docs/DURABILITY.md and the reference codec alone: no code of the
// library but the names of the stops.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/reference_codec.hpp"
#include "support/scratch.hpp"

namespace datawal::fuzz {

/// A record and where it lies.
struct ReferenceRecord {
  std::uint32_t segment = 0;
  std::uint64_t offset = 0;
  int type = 0;
  std::uint64_t txid = 0;
  std::string key{};
  std::string payload{};

  friend bool operator==(const ReferenceRecord&, const ReferenceRecord&) = default;
};

/// Whole records from the start of `bytes`, and where and why they end.
struct ReferenceWalk {
  std::vector<ReferenceRecord> records{};
  std::uint64_t end = 0;
  format::Stop stop = format::Stop::none;
};
[[nodiscard]] ReferenceWalk reference_walk(std::uint32_t segment, std::string_view bytes,
                                           std::uint64_t previous_txid = 0);

enum class Outcome : std::uint8_t { opens, corruption, unsupported };

struct Prediction {
  Outcome outcome = Outcome::opens;
  std::uint32_t segment = 0;  ///< where it is refused; 0: segments are missing
  std::uint64_t offset = 0;
  bool names_a_place = true;               ///< false: an entry named like a segment is no file, whichever is met first
  std::vector<ReferenceRecord> records{};  ///< the valid prefix
  std::uint32_t active = 1;                ///< after opening
  std::uint64_t valid_end = 0;             ///< of the active segment
  std::string torn{};                      ///< what goes to quarantine; empty: no tear
  std::uint64_t preallocated = 0;
  std::uint64_t last_txid = 0;  ///< the next one is one higher

  /// Of the records.
  [[nodiscard]] std::uint64_t last_txid_shown() const noexcept {
    std::uint64_t last = 0;
    for (const ReferenceRecord& record : records) last = std::max(last, record.txid);
    return last;
  }
};

struct ReferenceWatermark {
  std::uint32_t segment = 0;
  std::uint64_t inode = 0;
  std::uint64_t offset = 0;
  std::uint64_t txid = 0;

  friend bool operator==(const ReferenceWatermark&, const ReferenceWatermark&) = default;
};
[[nodiscard]] std::optional<ReferenceWatermark> reference_watermark(std::string_view bytes);

/// The id in a segment's name, 0 if it is none.
[[nodiscard]] std::uint32_t segment_id(std::string_view name);

[[nodiscard]] Prediction predict(const Image& image, const std::filesystem::path& dir);

/// How many whole records a plain search finds in `bytes`, going on behind each; the highest txid among them.
struct ReferenceSearch {
  std::uint64_t count = 0;
  std::uint64_t highest_txid = 0;
  std::uint64_t crc_work = 0;  ///< bytes of all complete frames that the search met, right or wrong
};
[[nodiscard]] ReferenceSearch reference_search(std::string_view bytes);

/// Every whole record in `bytes`, at whatever offset, also inside another one.
[[nodiscard]] std::vector<ReferenceRecord> reference_frames(std::string_view bytes);

}  // namespace datawal::fuzz
