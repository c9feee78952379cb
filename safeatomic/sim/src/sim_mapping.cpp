#include "sim_mapping.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

namespace safeatomic::sim::detail {

namespace {

#if !defined(MAP_NORESERVE)
#define MAP_NORESERVE 0
#endif

}  // namespace

Result<std::unique_ptr<Mapping>> SimMapping::make(const Opening& file, std::uint64_t offset, std::size_t length) {
  if (length == 0 || offset % page_bytes != 0 || offset > offset_max) return failed("map", file.path(), EINVAL);
  void* const begin = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                             0);
  if (begin == MAP_FAILED) return failed("map", file.path(), errno);
  return std::make_unique<SimMapping>(file.machine(), file.node(), file.path(), offset, static_cast<char*>(begin),
                                      length);
}

SimMapping::SimMapping(Machine& machine, NodeRef node, std::filesystem::path path, std::uint64_t offset, char* begin,
                       std::size_t length)
    : opening_(machine, std::move(node), std::move(path), &Usage::mappings),
      offset_(offset),
      begin_(begin),
      length_(length) {
  opening_.node()->mappings.push_back(this);
  // Only what is data: the memory is zeros already, and touching it all would cost as much as the mapping is long.
  const std::uint64_t end = offset_ + length_;
  std::uint64_t at = offset_;
  while (const std::optional<DataRange> data = opening_.node()->body.next_data(at)) {
    if (data->begin >= end) break;
    refresh(data->begin, data->end - data->begin);
    at = data->end;
  }
}

SimMapping::~SimMapping() {
  {
    const std::scoped_lock guard(opening_.machine().mutex);
    std::erase(opening_.node()->mappings, this);
  }
  ::munmap(begin_, length_);
}

void SimMapping::refresh(std::uint64_t offset, std::uint64_t length) noexcept {
  const FileBody& body = opening_.node()->body;
  const std::uint64_t begin = std::max(offset, offset_);
  const std::uint64_t end = std::min(offset + length, offset_ + length_);
  if (begin >= end) return;
  const std::span<char> into(begin_ + (begin - offset_), static_cast<std::size_t>(end - begin));
  const std::size_t got = body.read(begin, into);
  std::memset(into.data() + got, 0, into.size() - got);
}

void SimMapping::write(std::size_t offset, std::string_view bytes) noexcept {
  Machine& machine = opening_.machine();
  const std::scoped_lock guard(machine.mutex);
  Injection injection;
  const Operation op{.kind = OpKind::map_write,
                     .directory = opening_.path().native(),
                     .offset = offset_ + offset,
                     .size = bytes.size()};
  if (opening_.begin(op, injection) != 0) {
    if (injection.fault != Fault::process_kill) return;
    // Until then it has stored a part.
    bytes = bytes.substr(0,
                         static_cast<std::size_t>(std::min<std::uint64_t>(injection.bytes.value_or(0), bytes.size())));
  }
  Node& node = *opening_.node();
  const std::uint64_t at = offset_ + offset;
  const std::uint64_t end_of_pages = (node.body.size() + page_bytes - 1) / page_bytes * page_bytes;
  if (offset > length_ || bytes.size() > length_ - offset || at + bytes.size() > end_of_pages) {
    ++machine.usage.bus_errors;
    return;
  }
  // What lies behind the end of the file in its last page is nobody's.
  const std::uint64_t room = node.body.size() > at ? node.body.size() - at : 0;
  const std::string_view kept = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), room)));
  node.body.write(machine.time, at, kept);
  machine.update_mappings(node, at, kept.size());
}

Result<void> SimMapping::populate(std::size_t offset, std::size_t length) {
  const Operation op{
      .kind = OpKind::populate, .directory = opening_.path().native(), .offset = offset_ + offset, .size = length};
  return opening_.run("prefault", op, [&]() -> Result<void> {
    if (offset + length < offset || offset + length > length_) return failed("prefault", opening_.path(), EINVAL);
    return {};
  });
}

}  // namespace safeatomic::sim::detail
