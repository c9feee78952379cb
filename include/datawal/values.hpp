#pragma once
// Many values at once: DataWal::multi_get.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace datawal {

/// What was found for each of some keys, in their order. Keeps its memory from call to call: reused, it allocates only for
/// more than ever before. One thread at a time.
class Values {
 public:
  /// The number of keys asked for.
  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
  /// size() is 0.
  [[nodiscard]] bool empty() const noexcept { return places_.empty(); }

  /// The value of the key `n` (below size()), nullopt if it has none. The view is valid until this object is changed.
  [[nodiscard]] std::optional<std::string_view> operator[](std::size_t n) const noexcept {
    const Place& place = places_[n];
    if (!place.is_there) return std::nullopt;
    return std::string_view(bytes_).substr(place.begin, place.len);
  }

  /// Forgets all values but keeps the memory for the next ones.
  void clear() noexcept {
    places_.clear();
    bytes_.clear();
  }

  /// Adds the value of the next key; used by multi_get(). Throws std::bad_alloc.
  void add(std::string_view value) {
    const std::size_t begin = bytes_.size();
    bytes_.append(value);
    places_.push_back({.begin = begin, .len = value.size(), .is_there = true});
  }
  /// The next key has no value.
  void add_absent() { places_.push_back({}); }

 private:
  struct Place {
    std::size_t begin = 0;
    std::size_t len = 0;
    bool is_there = false;
  };

  std::vector<Place> places_;
  std::string bytes_;  // the values, back to back
};

}  // namespace datawal
