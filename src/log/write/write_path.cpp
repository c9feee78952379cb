#include "log/write/write_path.hpp"

#include <utility>

#include "segment/mapped_writer.hpp"

namespace datawal::log {

bool takes_mapped_path(const safeatomic::Directory& directory, WritePath asked_for) {
  switch (asked_for) {
    case WritePath::automatic: return directory.reserves_for_good().value_or(false);
    case WritePath::mapped: return true;
    case WritePath::append: break;
  }
  return false;
}

std::shared_ptr<segment::Writer> make_writer(bool mapped, std::unique_ptr<safeatomic::File> file, std::uint64_t end,
                                             std::uint64_t max_segment_bytes) {
  if (mapped) return std::make_shared<segment::MappedWriter>(std::move(file), end, max_segment_bytes);
  return std::make_shared<segment::Writer>(std::move(file), end);
}

}  // namespace datawal::log
