#pragma once
// Values for C programs: the same for stores and their readers. Allocates only what is handed over.

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>

#include "capi/common.hpp"

namespace datawal::capi {

struct FreeMemory {
  void operator()(char* memory) const noexcept { std::free(memory); }
};

/// Puts the value of a key into a buffer. `source` has the method get.
template <class Source>
datawal_code get_buffer(const Source& source, const void* key, std::size_t key_len, datawal_buffer* value, int* found,
                        datawal_error* error) noexcept {
  return guarded(error, [&] {
    const std::string_view name = key_view(key, key_len);
    char small[4096];  // most values are read once; a longer one twice, since its length is not known before
    auto len = source.get(name, small);
    if (!len) return fail(error, len.error());
    std::size_t room = sizeof small;
    std::unique_ptr<char, FreeMemory> memory;
    while (*len && **len > room) {
      room = **len;
      memory.reset();
      memory.reset(static_cast<char*>(std::malloc(room + 1)));
      if (!memory) throw std::bad_alloc();
      len = source.get(name, std::span(memory.get(), room));
      if (!len) return fail(error, len.error());
    }
    if (found != nullptr) *found = *len ? 1 : 0;
    if (!*len) return succeed(error);
    if (!memory) {
      give(value, {small, **len});
      return succeed(error);
    }
    memory.get()[**len] = '\0';
    *value = {.data = memory.release(), .size = **len};
    return succeed(error);
  });
}

/// Copies the value of a key into `room`.
template <class Source>
datawal_code get_into(const Source& source, const void* key, std::size_t key_len, void* room, std::size_t room_len,
                      std::size_t* value_len, int* found, datawal_error* error) noexcept {
  return guarded(error, [&] {
    const auto len = source.get(key_view(key, key_len), room_view(room, room_len));
    if (!len) return fail(error, len.error());
    *found = *len ? 1 : 0;
    *value_len = len->value_or(0);
    return succeed(error);
  });
}

/// Fills `values`. `source` has the method multi_get.
template <class Source>
datawal_code multi_get(const Source& source, const void* keys, const std::size_t* key_lens, std::size_t count,
                       datawal_values& values, datawal_error* error) noexcept {
  return guarded(error, [&] {
    if (count > std::numeric_limits<std::uint32_t>::max()) throw Refused{"count", "is more than 4294967295"};
    const auto* bytes = static_cast<const char*>(keys);
    values.keys.clear();
    for (std::size_t n = 0; n < count; ++n) {
      values.keys.push_back(key_view(bytes, key_lens[n]));
      if (bytes != nullptr) bytes += key_lens[n];
    }
    const Result<void> got = source.multi_get(values.keys, values.values);
    return got ? succeed(error) : fail(error, got.error());
  });
}

}  // namespace datawal::capi
