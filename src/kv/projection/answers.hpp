#pragma once
// Answers about the live record of a key, whichever index found it. `look_up(confirmed)` calls `confirmed(located)` for it and returns
// Result<bool>: whether there is one. Each answer is built in its caller's place: moving one costs a tenth of a get.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <datawal/conditional.hpp>
#include <datawal/error.hpp>
#include <datawal/record.hpp>

#include "kv/records/address_space.hpp"

namespace datawal::kv {

template <class LookUp>
[[nodiscard]] Answer<std::optional<std::string>> value_of(LookUp&& look_up) {
  Answer<std::optional<std::string>> value = std::optional<std::string>();
  Result<bool> found = look_up([&](const LocatedRecord& located) { value->emplace(located.record.payload); });
  if (!found) value = propagate(found);
  return value;
}

/// Copies as much of the value as fits. @return its whole length
template <class LookUp>
[[nodiscard]] Answer<std::optional<std::size_t>> copy_value(std::span<char> room, LookUp&& look_up) {
  Answer<std::optional<std::size_t>> len = std::optional<std::size_t>();
  Result<bool> found = look_up([&](const LocatedRecord& located) {
    const std::string_view value = located.record.payload;
    (void)value.copy(room.data(), room.size());
    len->emplace(value.size());
  });
  if (!found) len = propagate(found);
  return len;
}

template <class LookUp>
[[nodiscard]] Answer<std::optional<StoredValue>> stored_value_of(LookUp&& look_up) {
  std::optional<StoredValue> value;
  Result<bool> found = look_up([&](const LocatedRecord& located) {
    value = {.value = std::string(located.record.payload), .ref = located.ref};
  });
  if (!found) return propagate(found);
  return value;
}

template <class LookUp>
[[nodiscard]] Result<std::optional<RecordRef>> ref_of(LookUp&& look_up) {
  std::optional<RecordRef> ref;
  Result<bool> found = look_up([&](const LocatedRecord& located) { ref = located.ref; });
  if (!found) return propagate(found);
  return ref;
}

}  // namespace datawal::kv
