#include "log/read/segment_registry.hpp"

#include <limits>
#include <new>
#include <utility>

#include "log/directory/kept_files.hpp"

namespace datawal::log {

SegmentRegistry::SegmentRegistry(std::shared_ptr<safeatomic::Directory> directory) : directory_(std::move(directory)) {}

void SegmentRegistry::attach(SegmentAttachments& attachments) noexcept { attachments_ = &attachments; }

// Ready to be put among the files, which then cannot fail.
SegmentMap::node_type SegmentRegistry::make_node() const {
  SegmentMap one;
  one.emplace(SegmentFileKey{}, attachments_ != nullptr ? attachments_->make_file() : std::make_shared<SegmentFile>());
  return one.extract(one.begin());
}

void SegmentRegistry::insert(SegmentMap::node_type node, bool is_last) noexcept {
  SegmentFile& file = *node.mapped();
  node.key() = {.id = file.id, .generation = file.generation};
  const Locked guard(mutex_);
  files_.insert(std::move(node));
  if (!is_last) return;
  last_ = &file;
  last_id_.store(file.id, std::memory_order_release);
}

SegmentFile& SegmentRegistry::add(const PinnedSegment& segment) {
  SegmentMap::node_type node = make_node();
  node.mapped()->id = segment.id;
  node.mapped()->pinned = segment;
  insert(std::move(node), true);
  return *last_;
}

SegmentFile& SegmentRegistry::reserve() {
  if (spare_.empty()) {
    SegmentMap::node_type node = make_node();
    node.mapped()->pinned.kept = std::make_shared<KeptFile>();
    spare_ = std::move(node);
  }
  return *spare_.mapped();
}

void SegmentRegistry::rotate(const safeatomic::FileInfo& sealed, std::uint32_t id, const safeatomic::FileInfo& next,
                             const std::shared_ptr<safeatomic::File>& file) noexcept {
  std::shared_ptr<safeatomic::File> of_last;
  {
    const Locked guard(mutex_);
    last_->pinned.info = sealed;
    of_last = std::exchange(last_->pinned.file, nullptr);
  }
  SegmentMap::node_type node = std::exchange(spare_, {});
  SegmentFile& added = *node.mapped();
  added.id = id;
  added.pinned.id = id;
  added.pinned.info = next;
  if (attachments_ != nullptr) attachments_->rotated(*last_, added, file);
  insert(std::move(node), true);
}

void SegmentRegistry::set_last(const PinnedSegment& segment) noexcept {
  PinnedSegment now = segment;
  const Locked guard(mutex_);
  if (!now.kept) now.kept = last_->pinned.kept;
  std::swap(last_->pinned, now);
}

std::shared_ptr<SegmentFile> SegmentRegistry::add_rewritten(const SegmentFile& old, const safeatomic::FileInfo& info,
                                                            const std::function<bool(SegmentFile&)>& prepare) {
  SegmentMap::node_type node = make_node();
  std::shared_ptr<SegmentFile> file = node.mapped();
  file->id = old.id;
  file->generation = old.generation + 1;
  file->pinned = {.id = old.id, .info = info, .kept = std::make_shared<KeptFile>()};
  file->is_named = false;
  if (!prepare(*file)) return nullptr;
  insert(std::move(node), false);
  return file;
}

bool SegmentRegistry::keep(SegmentFile& file, const std::shared_ptr<safeatomic::File>& old) {
  std::shared_ptr<safeatomic::File> counted = keep_open(old);
  std::shared_ptr<KeptFile> kept;
  {
    const Locked guard(mutex_);
    if (!file.is_named || &file == last_) return false;
    file.pinned.file = old;
    kept = file.pinned.kept;
  }
  kept->keep(std::move(counted));
  return true;
}

void SegmentRegistry::keeps_its_name(SegmentFile& file) noexcept {
  std::shared_ptr<safeatomic::File> held;
  std::shared_ptr<KeptFile> kept;
  {
    const Locked guard(mutex_);
    held = std::exchange(file.pinned.file, nullptr);
    kept = file.pinned.kept;
  }
  kept->keep(nullptr);
}

void SegmentRegistry::unname(SegmentFile& file, SegmentFile* next) noexcept {
  {
    const Locked guard(mutex_);
    file.is_named = false;
    if (next != nullptr) next->is_named = true;
  }
  cache_.forget(file.id);
}

std::shared_ptr<SegmentFile> SegmentRegistry::erase(const SegmentFile& file) noexcept {
  const Locked guard(mutex_);
  const auto found = files_.find({.id = file.id, .generation = file.generation});
  if (found == files_.end() || found->second->is_named) return nullptr;
  std::shared_ptr<SegmentFile> erased = std::move(found->second);
  files_.erase(found);
  return erased;
}

void SegmentRegistry::hold_open(SegmentFile& segment, std::shared_ptr<safeatomic::File> file) noexcept {
  const Locked guard(mutex_);
  std::swap(segment.pinned.file, file);
}

void SegmentRegistry::release(SegmentFile& segment, bool is_needed) noexcept {
  std::shared_ptr<safeatomic::File> file;
  std::shared_ptr<KeptFile> kept;
  const Locked guard(mutex_);
  file = std::exchange(segment.pinned.file, nullptr);
  kept = std::exchange(segment.pinned.kept, nullptr);
  if (!is_needed || !file) return;
  try {
    segment.pinned.file = keep_open(file);
  } catch (const std::bad_alloc&) {
    segment.pinned.file = nullptr;  // as if there were no descriptor left
  }
}

void SegmentRegistry::detach() noexcept {
  attachments_ = nullptr;
  SegmentMap files;
  SegmentMap::node_type spare;
  const Locked guard(mutex_);
  files.swap(files_);
  spare = std::move(spare_);
  last_ = nullptr;
  last_id_.store(0, std::memory_order_release);
}

std::shared_ptr<SegmentFile> SegmentRegistry::find(std::uint32_t id) const noexcept {
  const Locked guard(mutex_);
  for (auto i = files_.lower_bound({.id = id, .generation = std::numeric_limits<std::uint32_t>::max()});
       i != files_.end() && i->first.id == id; ++i) {
    if (i->second->is_named) return i->second;
  }
  return nullptr;
}

void SegmentRegistry::add_sealed_to(std::vector<PinnedSegment>& segments) const {
  const Locked guard(mutex_);
  segments.reserve(segments.size() + files_.size());
  for (const auto& [key, file] : files_) {
    if (!file->is_named || file.get() == last_) continue;
    segments.push_back(file->pinned);
    segments.back().file.reset();  // whoever holds this for long must not hold the last descriptors
  }
}

Result<std::shared_ptr<safeatomic::File>> SegmentRegistry::open(const SegmentFile& file) const {
  const PinnedSegment first = pinned(file);
  if (first.file) return first.file;
  Result<std::shared_ptr<safeatomic::File>> opened = cache_.open(directory_, first);
  if (opened || opened.error().code != Errc::snapshot_expired) return opened;
  // Its name may have gone since the first look; it is held open from before that on.
  PinnedSegment second = pinned(file);
  return second.file ? std::move(second.file) : std::move(opened);
}

}  // namespace datawal::log
