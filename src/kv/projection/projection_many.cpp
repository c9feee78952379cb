#include "kv/projection/get_many.hpp"
#include "kv/projection/projection.hpp"

namespace datawal::kv {

Result<void> Projection::multi_get(std::span<const std::string_view> keys, Values& values) const {
  struct Reader {
    explicit Reader(ReaderSlots& slots) noexcept { stay.enter(slots); }
    ReaderSlots::Stay stay;
  };
  return get_many(
      directory_, space_, [this](std::string_view key) { return hash_of(key); }, keys, values,
      [this] { return Reader(space_.readers()); });
}

}  // namespace datawal::kv
