#include <datawal/batch.hpp>

#include <algorithm>
#include <utility>

namespace datawal {

void Batch::add(RecordType type, std::string_view key, std::string_view value) {
  entries_.reserve(entries_.size() + 1 > entries_.capacity() ? 2 * entries_.size() + 8 : 0);
  const std::size_t wanted = bytes_.size() + key.size() + value.size();
  if (wanted <= bytes_.capacity()) {
    bytes_.append(key).append(value);
  } else {
    // What is given may lie in this very batch: so the old bytes go last.
    std::string larger;
    larger.reserve(std::max(wanted, 2 * bytes_.capacity()));
    larger.append(bytes_).append(key).append(value);
    bytes_ = std::move(larger);
  }
  entries_.push_back({.type = type, .key_len = key.size(), .value_len = value.size()});
}

std::vector<RecordInput> Batch::records() const {
  std::vector<RecordInput> records;
  records.reserve(entries_.size());
  std::string_view bytes = bytes_;
  for (const Entry& entry : entries_) {
    const std::string_view key = bytes.substr(0, entry.key_len);
    const std::string_view value = bytes.substr(entry.key_len, entry.value_len);
    records.push_back({.type = entry.type, .key = key, .payload = value});
    bytes.remove_prefix(entry.key_len + entry.value_len);
  }
  return records;
}

}  // namespace datawal
