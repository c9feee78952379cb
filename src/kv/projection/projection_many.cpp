#include "kv/projection/get_many.hpp"
#include "kv/projection/projection.hpp"

namespace datawal::kv {

Result<void> Projection::multi_get(std::span<const std::string_view> keys, Values& values) const {
  struct Reader {
    explicit Reader(ReaderEpochs& slots) noexcept { reading.enter(slots); }
    ReaderEpochs::Guard reading;
  };
  return get_many(
      directory_, address_space_, [this](std::string_view key) { return hash_of(key); }, keys, values,
      [this] { return Reader(address_space_.readers()); });
}

}  // namespace datawal::kv
