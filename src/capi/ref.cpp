// The text form of a place.

#include <cstring>
#include <optional>
#include <string>

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

datawal_code datawal_ref_to_text(const datawal_ref* ref, char text[DATAWAL_REF_TEXT_SIZE], datawal_error* error) {
  return guarded(error, [&] {
    if (ref == nullptr || text == nullptr) return fail(error, missing("write a place as text"));
    const std::string written = to_string(from_c(*ref));
    static_assert(DATAWAL_REF_TEXT_SIZE > 10 + 20 + 10 + 20 + 8 + 4);  // the longest numbers and the separators
    std::memcpy(text, written.c_str(), written.size() + 1);
    return succeed(error);
  });
}

datawal_code datawal_ref_parse(const char* text, datawal_ref* ref, datawal_error* error) {
  return guarded(error, [&] {
    if (text == nullptr || ref == nullptr) return fail(error, missing("read a place from text"));
    const std::optional<RecordRef> parsed = parse_record_ref(text);
    if (!parsed) {
      return fail(error, {.code = Errc::invalid_argument,
                          .action = "read a place from text",
                          .detail = "it is not what datawal_ref_to_text wrote"});
    }
    *ref = to_c(*parsed);
    return succeed(error);
  });
}
