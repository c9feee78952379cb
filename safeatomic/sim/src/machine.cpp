#include "machine.hpp"

#include <algorithm>

#include "sim_mapping.hpp"

namespace safeatomic::sim::detail {

std::uint64_t InodeNumbers::take() {
  std::uint64_t number = root_inode + 1;
  for (const std::uint64_t taken : taken_) {
    if (taken == number) ++number;
  }
  taken_.insert(number);
  return number;
}

Injection Machine::begin(Operation op) {
  op.ordinal = ++ordinal;
  const Injection injection = hook ? hook(op) : Injection();
  if (injection.fault == Fault::process_kill) kill();
  if (injection.fault == Fault::power_loss) power_lost = true;
  return injection;
}

void Machine::kill() {
  ++generation;
  for (Node* const node : locked) node->flock_holder = node->record_holder = nullptr;
  locked.clear();
  usage.locks = 0;
}

NodeRef Machine::make_node(bool is_directory, std::uint32_t mode) {
  auto node = std::make_shared<Node>(numbers, numbers->take());
  node->is_directory = is_directory;
  node->attributes.mode = node->disk_attributes.mode = mode & 0777U;
  node->modified = static_cast<std::int64_t>(time);
  return node;
}

void Machine::change_entries(std::vector<EntryEdit> edits) {
  for (const EntryEdit& edit : edits) {
    Entries& entries = edit.directory->entries;
    edit.directory->modified = static_cast<std::int64_t>(time);
    const auto there = entries.find(edit.name);
    if (there != entries.end()) {
      --there->second->link_count;
      entries.erase(there);
    }
    if (!edit.node) continue;
    ++edit.node->link_count;
    if (edit.node->is_directory) edit.node->parent = edit.directory;
    entries.emplace(edit.name, edit.node);
  }
  entry_changes.push_back({time++, std::move(edits)});
}

void Machine::sync_directory(Node& directory) {
  const std::size_t before = entry_changes.size();
  std::size_t landed = 0;
  for (EntryChange& change : entry_changes) {
    for (const EntryEdit& edit : change.edits) {
      if (edit.directory.get() != &directory) continue;
      ++landed;
      if (edit.node) {
        directory.disk_entries.insert_or_assign(edit.name, edit.node);
      } else {
        directory.disk_entries.erase(edit.name);
      }
    }
    std::erase_if(change.edits, [&](const EntryEdit& edit) { return edit.directory.get() == &directory; });
  }
  std::erase_if(entry_changes, [](const EntryChange& change) { return change.edits.empty(); });
  if (landed != 0 || entry_changes.size() != before) ++syncs;
}

void Machine::sync_file(Node& file) {
  if (file.body.sync()) ++syncs;
}

void Machine::sync_everything() {
  std::vector<NodeRef> to_visit = {root};
  while (!to_visit.empty()) {
    const NodeRef node = std::move(to_visit.back());
    to_visit.pop_back();
    if (node->is_directory) {
      sync_directory(*node);
      for (const auto& [name, child] : node->entries) to_visit.push_back(child);
    } else {
      sync_file(*node);
    }
    node->disk_attributes = node->attributes;
  }
}

NodeRef Machine::find(const std::filesystem::path& path) const {
  NodeRef node = root;
  for (const std::filesystem::path& part : path) {
    const std::string& name = part.native();
    if (name.empty() || name == "/" || name == ".") continue;
    if (!node->is_directory) return nullptr;
    if (name == "..") {
      if (NodeRef parent = node->parent.lock()) node = std::move(parent);
      continue;
    }
    const auto entry = node->entries.find(name);
    if (entry == node->entries.end()) return nullptr;
    node = entry->second;
  }
  return node;
}

void Machine::release_locks(const void* holder) {
  for (auto at = locked.begin(); at != locked.end();) {
    Node& node = **at;
    for (const void** const held : {&node.flock_holder, &node.record_holder}) {
      if (*held != holder) continue;
      *held = nullptr;
      --usage.locks;
    }
    const bool is_free = node.flock_holder == nullptr && node.record_holder == nullptr;
    at = is_free ? locked.erase(at) : std::next(at);
  }
}

void Machine::update_mappings(Node& file, std::uint64_t offset, std::uint64_t length) {
  file.modified = static_cast<std::int64_t>(time);
  for (SimMapping* const mapping : file.mappings) mapping->refresh(offset, length);
}

int Machine::errno_of(Fault fault) noexcept {
  switch (fault) {
    case Fault::none:
    case Fault::short_write:
    case Fault::interrupted: return 0;
    case Fault::enospc: return ENOSPC;
    case Fault::eio:
    case Fault::process_kill:
    case Fault::power_loss: return EIO;
  }
  return 0;
}

FileInfo info_of(const Node& node) noexcept {
  return {.kind = node.is_directory ? FileKind::directory : FileKind::regular,
          .device = 1,
          .inode = node.inode,
          .size = node.body.size(),
          .link_count = node.link_count,
          .modified_ns = node.modified,
          .mode = node.attributes.mode,
          .owner = node.attributes.owner,
          .group = node.attributes.group};
}

Opening::Opening(Machine& machine, NodeRef node, std::filesystem::path path, std::uint64_t Usage::* count)
    : machine_(machine),
      node_(std::move(node)),
      path_(std::move(path)),
      generation_(machine.generation),
      count_(count) {
  ++(machine_.usage.*count_);
}

Opening::~Opening() {
  const std::scoped_lock guard(machine_.mutex);
  --(machine_.usage.*count_);
  machine_.release_locks(this);
  node_.reset();  // it may be the last that holds the node, whose end changes the machine
}

int Opening::begin(const Operation& op, Injection& injection) const {
  if (machine_.is_dead(generation_)) return EIO;
  injection = machine_.begin(op);
  return machine_.is_dead(generation_) ? EIO : 0;
}

bool Opening::try_lock(const void*& holder) const {
  if (holder == this) return true;
  if (holder != nullptr) return false;
  holder = this;
  machine_.locked.insert(node_.get());
  ++machine_.usage.locks;
  return true;
}

void Opening::unlock(const void*& holder) const {
  if (holder != this) return;
  holder = nullptr;
  --machine_.usage.locks;
}

}  // namespace safeatomic::sim::detail
