#pragma once
// Records and sizes in human-readable form.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <datawal/record.hpp>
#include <datawal/text.hpp>

namespace datawal::cli {

/// How bytes are shown.
enum class BytesMode : std::uint8_t {
  automatic,  ///< printable ASCII unchanged, anything else `b64:...`
  raw,        ///< as text, UTF-8 too; other bytes as `\xNN`
  base64,     ///< `b64:...`
  hex,        ///< `hex:...`
};

struct RecordStyle {
  BytesMode bytes = BytesMode::automatic;
  bool truncate = true;  ///< show at most the first `shown_bytes` bytes of a key or a payload
};

inline constexpr std::size_t shown_bytes = 64;

/// Adds `bytes` to `line`, without control characters: text is quoted if it holds blanks, quotes or backslashes, or
/// looks like one of the encodings; `...` marks a cut.
void append_shown(std::string& line, std::string_view bytes, const RecordStyle& style);

/// Adds `seg=00000001 off=         0 len=      33 type=RAW txid=         1 key= payload=alpha` and a newline.
void append_record_line(std::string& line, const RecordView& record, const RecordStyle& style);

/// The same with lengths in place of the payload.
void append_frame_line(std::string& line, const RecordView& record, const RecordStyle& style);

/// "Raw", "Put", "Delete": the record type, in JSON.
[[nodiscard]] std::string_view name_of(RecordType type) noexcept;

/// "1 record", "2 records".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);

}  // namespace datawal::cli
