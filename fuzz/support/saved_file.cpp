#include "support/saved_file.hpp"

#include <datawal/format.hpp>

namespace datawal::fuzz {

namespace {

constexpr std::size_t saved_header_len = 112;

std::uint64_t number_at(std::string_view bytes, std::size_t offset, std::size_t len) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < len; ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(bytes[offset + i])} << (8 * i);
  }
  return value;
}

void put_number(std::string& bytes, std::size_t offset, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[offset + i] = static_cast<char>(value >> (8 * i));
}

void put_checksum(std::string& bytes, std::size_t offset, std::uint64_t begin, std::uint64_t len) {
  put_number(bytes, offset, format::crc32c(std::string_view(bytes).substr(begin, len)));
}

void make_pages_right(std::string& bytes, std::uint64_t pages_begin) {
  std::uint64_t at = saved_header_len + number_at(bytes, 60, 4) * 152;
  for (int part = 0; part < 16 && at + 8 <= pages_begin; ++part) {
    std::uint64_t pages = number_at(bytes, at + 4, 4);
    for (at += 8; pages > 0 && at + 16 <= pages_begin; --pages, at += 16) {
      const std::uint64_t begin = pages_begin + number_at(bytes, at + 4, 4) * 4096;
      const std::uint64_t len = number_at(bytes, at + 12, 4) * 4096;
      if (begin > bytes.size() || len > bytes.size() - begin) continue;
      put_checksum(bytes, at + 8, begin, len);
    }
  }
}

// Of the pages, then of the metadata, then of the header.
void make_checksums_right(std::string& bytes, SavedPages pages) {
  if (bytes.size() < saved_header_len) return;
  const std::uint64_t pages_begin = number_at(bytes, 88, 8);
  if (pages_begin >= saved_header_len && pages_begin <= bytes.size()) {
    if (pages == SavedPages::indexed) make_pages_right(bytes, pages_begin);
    put_checksum(bytes, 104, saved_header_len, pages_begin - saved_header_len);
  }
  put_checksum(bytes, 108, 0, 108);
}

void change(std::string& bytes, std::string_view changes, std::size_t offset_len) {
  for (; changes.size() > offset_len; changes.remove_prefix(offset_len + 1)) {
    const std::uint64_t offset = number_at(changes, 0, offset_len) % (bytes.size() + 1);
    if (offset < bytes.size()) {
      bytes[offset] = changes[offset_len];
      continue;
    }
    bytes.resize(bytes.size() / 2);
    if (bytes.empty()) return;
  }
}

}  // namespace

SavedFile saved_file_of(std::string_view input, const std::string& original, std::size_t offset_len, SavedPages pages) {
  SavedFile file{.bytes = original};
  if (input.empty()) return file;
  const char how = input.front();
  input.remove_prefix(1);
  if ((how & 2) != 0) {
    file.bytes = input;
  } else {
    change(file.bytes, input, offset_len);
  }
  file.is_crafted = (how & 1) != 0;
  if (file.is_crafted) make_checksums_right(file.bytes, pages);
  return file;
}

}  // namespace datawal::fuzz
