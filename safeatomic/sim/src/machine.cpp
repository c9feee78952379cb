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
  is_killed = true;
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

namespace {

bool moves_directory(const EntryChange& change) {
  return change.edits.size() > 1 && change.edits.back().node && change.edits.back().node->is_directory;
}

}  // namespace

// A directory has one place: what moves one lands as a whole, and so do both directories that it concerns.
void Machine::sync_directory(Node& directory) {
  std::set<Node*> concerned = {&directory};
  for (std::size_t known = 0; known != concerned.size();) {
    known = concerned.size();
    for (const EntryChange& change : entry_changes) {
      if (!moves_directory(change)) continue;
      const bool is_concerned = std::ranges::any_of(
          change.edits, [&](const EntryEdit& edit) { return concerned.contains(edit.directory.get()); });
      if (!is_concerned) continue;
      for (const EntryEdit& edit : change.edits) concerned.insert(edit.directory.get());
    }
  }
  for (Node* const node : concerned) land_entries(*node);
  sync_attributes(directory);
}

void Machine::land_entries(Node& directory) {
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
  for (const NodeRef& node : all_nodes()) {
    if (node->is_directory) {
      sync_directory(*node);
    } else {
      sync_file(*node);
    }
    sync_attributes(*node);
  }
}

std::vector<NodeRef> Machine::all_nodes() const {
  std::vector<NodeRef> nodes = {root};
  std::set<const Node*> seen = {root.get()};
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    const NodeRef node = nodes[at];
    for (const auto& [name, child] : node->entries) {
      if (seen.insert(child.get()).second) nodes.push_back(child);
    }
  }
  return nodes;
}

void Machine::change_attributes(Node& node, const Attributes& attributes) {
  if (attributes == node.attributes) return;
  node.attributes = attributes;
  node.attribute_changes.push_back({time++, attributes});
}

void Machine::sync_attributes(Node& node) {
  if (node.attribute_changes.empty()) return;
  ++syncs;
  node.disk_attributes = node.attributes;
  node.attribute_changes.clear();
  node.body.forget_settled_image();
}

void Machine::drop_clean(Node& file, bool with_size) {
  const std::uint64_t size = file.body.size();
  if (!file.body.drop_clean(with_size)) return;
  ++syncs;
  for (SimMapping* const mapping : file.mappings) mapping->refresh(0, size);
}

NodeRef Machine::find(const std::filesystem::path& path) const {
  constexpr int links_max = 40;  // as Linux
  int links = 0;
  std::vector<std::string> rest;  // of the path, the last component first
  const auto add = [&rest](const std::filesystem::path& more) {
    const auto at = rest.size();
    for (const std::filesystem::path& part : more) rest.push_back(part.native());
    std::reverse(rest.begin() + static_cast<std::ptrdiff_t>(at), rest.end());
  };
  add(path);
  NodeRef node = root;
  while (!rest.empty()) {
    const std::string name = std::move(rest.back());
    rest.pop_back();
    if (name == "/") node = root;
    if (name.empty() || name == "/" || name == ".") continue;
    if (!node->is_directory) return nullptr;
    if (name == "..") {
      if (NodeRef parent = node->parent.lock()) node = std::move(parent);
      continue;
    }
    const auto entry = node->entries.find(name);
    if (entry == node->entries.end()) return nullptr;
    if (entry->second->link_target.empty()) {
      node = entry->second;
    } else {
      if (++links > links_max) return nullptr;
      add(entry->second->link_target);
    }
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
    case Fault::eio_dropped:
    case Fault::process_kill:
    case Fault::power_loss: return EIO;
  }
  return 0;
}

FileInfo info_of(const Node& node) noexcept {
  return {.kind = node.is_directory ? FileKind::directory
                  : node.is_other   ? FileKind::other
                                    : FileKind::regular,
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
  if (node_->open_generation != generation_) node_->open_count = 0;
  node_->open_generation = generation_;
  ++node_->open_count;
}

Opening::~Opening() {
  const std::scoped_lock guard(machine_.mutex);
  --(machine_.usage.*count_);
  if (node_->open_generation == generation_) --node_->open_count;
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
