#include "kv/records/segment_file.hpp"

#include <new>
#include <utility>

namespace datawal::kv {

void CountedMapping::map(safeatomic::File& file, std::uint64_t length) noexcept {
  reset();
  if (length == 0) return;
  if (mapped_files.fetch_add(1, std::memory_order_relaxed) < limit) {
    try {
      safeatomic::Result<std::unique_ptr<safeatomic::Mapping>> made = file.map(safeatomic::MapAccess::read, 0,
                                                                               static_cast<std::size_t>(length));
      if (made) mapping_ = std::move(*made);
    } catch (const std::bad_alloc&) {
      mapping_.reset();  // what is not mapped is read by call
    }
  }
  if (!mapping_) mapped_files.fetch_sub(1, std::memory_order_relaxed);
}

void CountedMapping::reset() noexcept {
  if (!mapping_) return;
  mapping_.reset();
  mapped_files.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace datawal::kv
