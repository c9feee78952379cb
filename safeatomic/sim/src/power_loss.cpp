#include <safeatomic/sim/power_loss.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>

#include "machine.hpp"

namespace safeatomic::sim {

using detail::EntryChange;
using detail::EntryEdit;
using detail::FileBody;
using detail::ImageFile;
using detail::ImageNode;
using detail::Machine;
using detail::Node;
using detail::NodeRef;
using detail::SectorRef;
using detail::Sectors;

namespace {

constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

/// An Undecided with its states. `times`: when each came to be; that of the last sync at 0.
struct Slot {
  Undecided::Kind kind = Undecided::Kind::entry;
  std::uint32_t sector = 0;
  std::vector<std::uint64_t> times = {0};
  std::vector<SectorRef> sectors{};
  std::vector<std::uint64_t> sizes{};
  std::vector<detail::Attributes> attributes{};
  std::vector<bool> is_loose{};  // states that the model `arbitrary` alone knows

  [[nodiscard]] bool is_loose_at(std::size_t state) const { return state < is_loose.size() && is_loose[state]; }
  /// When the next state came that the stricter models know.
  [[nodiscard]] std::uint64_t next_time(std::size_t state) const {
    do ++state;
    while (is_loose_at(state));
    return state < times.size() ? times[state] : never;
  }
  /// The newest state at an instant that the stricter models know.
  [[nodiscard]] std::uint32_t state_at(std::uint64_t instant) const {
    auto state = static_cast<std::size_t>(std::ranges::upper_bound(times, instant) - times.begin()) - 1;
    while (is_loose_at(state)) --state;
    return static_cast<std::uint32_t>(state);
  }
};

/// The slots of one file or directory lie side by side.
struct SlotRange {
  const Node* node;
  std::size_t begin;
  std::size_t end;
};

/// The names that one choice of entries leaves.
struct TreeNode {
  const Node* node;
  std::vector<std::pair<std::string, std::uint32_t>> entries;
};

std::string last_component(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

struct PowerLoss::Impl {
  Impl(const Machine& of, LossOptions with) : machine(of), disk(with) {}

  const Machine& machine;
  LossOptions disk;
  std::vector<Undecided> undecided;
  std::vector<Slot> slots;
  std::vector<SlotRange> files;
  std::unordered_map<const Node*, std::size_t> file_of;  // into `files`
  std::unordered_map<const Node*, std::string> path_of;  // empty for the root

  // Of the choice of entries asked for last.
  mutable Choice tree_choice;
  mutable std::vector<TreeNode> tree;

  void collect();
  void meet(const std::string& path, const NodeRef& node);
  void add_node(const std::string& path, const Node& node);
  void add_body(const std::string& path, const FileBody& body);
  [[nodiscard]] SectorRef garbage_at(std::uint32_t index) const;
  void add(const std::string& path, Slot slot, std::size_t options);
  void build_tree(const Choice& choice) const;
  void add_slots(const Node& node, std::vector<std::size_t>& to) const;
  [[nodiscard]] detail::Attributes attributes_of(const Node& node, const Choice& choice) const;
  [[nodiscard]] std::shared_ptr<const ImageFile> file_image(const Node& node, const Choice& choice) const;
  [[nodiscard]] std::size_t entry_count() const noexcept { return machine.entry_changes.size(); }
};

void PowerLoss::Impl::add(const std::string& path, Slot slot, std::size_t options) {
  undecided.push_back({.kind = slot.kind,
                       .name = last_component(path),
                       .path = path,
                       .file = slot.kind == Undecided::Kind::entry ? 0 : files.size() + 1,
                       .offset = std::uint64_t{slot.sector} * sector_bytes,
                       .options = static_cast<std::uint32_t>(options),
                       .sizes = slot.sizes});
  slots.push_back(std::move(slot));
}

void PowerLoss::Impl::collect() {
  for (const EntryChange& change : machine.entry_changes) {
    Slot slot;
    slot.times.push_back(change.time);
    add(change.edits.back().name, std::move(slot), 2);
  }
  meet({}, machine.root);
  for (const EntryChange& change : machine.entry_changes) {
    for (const EntryEdit& edit : change.edits) {
      if (edit.node) meet(path_of[edit.directory.get()] + "/" + edit.name, edit.node);
    }
  }
  for (std::size_t i = 0; i < entry_count(); ++i) {
    undecided[i].path = path_of[machine.entry_changes[i].edits.back().directory.get()] + "/" + undecided[i].name;
  }
}

void PowerLoss::Impl::meet(const std::string& path, const NodeRef& node) {
  if (!path_of.emplace(node.get(), path).second) return;
  add_node(path.empty() ? "/" : path, *node);
  if (!node->is_directory) return;
  const std::string directory = path + "/";
  for (const auto& [below, child] : node->disk_entries) meet(directory + below, child);
  for (const auto& [below, child] : node->entries) meet(directory + below, child);
}

void PowerLoss::Impl::add_node(const std::string& path, const Node& node) {
  const std::size_t begin = slots.size();
  add_body(path, node.body);
  if (!node.attribute_changes.empty()) {
    Slot slot{.kind = Undecided::Kind::attributes, .attributes = {node.disk_attributes}};
    for (const detail::AttributeChange& change : node.attribute_changes) {
      slot.times.push_back(change.time);
      slot.attributes.push_back(change.attributes);
    }
    const std::size_t options = slot.attributes.size();
    add(path, std::move(slot), options);
  }
  if (slots.size() == begin) return;
  file_of.emplace(&node, files.size());
  files.push_back({&node, begin, slots.size()});
}

void PowerLoss::Impl::add_body(const std::string& path, const FileBody& body) {
  if (!body.size_changes().empty()) {
    Slot slot{.kind = Undecided::Kind::size, .sizes = {body.disk_size()}, .is_loose = {false}};
    for (const detail::SizeChange& change : body.size_changes()) {
      slot.times.push_back(change.time);
      slot.sizes.push_back(change.size);
      slot.is_loose.push_back(change.is_within_page);
    }
    const std::size_t options = slot.sizes.size();
    add(path, std::move(slot), options);
  }
  std::map<std::uint32_t, Slot> by_sector;
  for (const detail::SectorChange& change : body.sector_changes()) {
    Slot& slot = by_sector[change.index];
    if (slot.sectors.empty()) {
      slot.kind = Undecided::Kind::sector;
      slot.sector = change.index;
      slot.sectors.push_back(detail::sector_at(body.disk(), change.index));
      if (disk.garbage && body.is_new(change.index)) {
        slot.times.push_back(0);
        slot.sectors.push_back(garbage_at(change.index));
        slot.is_loose = {false, true};
      }
    }
    slot.times.push_back(change.time);
    slot.sectors.push_back(change.content);
  }
  for (auto& [index, slot] : by_sector) {
    const std::size_t options = slot.sectors.size();
    add(path, std::move(slot), options);
  }
}

SectorRef PowerLoss::Impl::garbage_at(std::uint32_t index) const {
  static const SectorRef other = [] {
    detail::SectorBytes bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes.at(i) = static_cast<char>(i * 37 + 101);
    return detail::make_sector(bytes);
  }();
  const SectorRef left = detail::sector_at(machine.numbers->free_space(), index);
  return left ? left : other;
}

void PowerLoss::Impl::add_slots(const Node& node, std::vector<std::size_t>& to) const {
  const auto own = file_of.find(&node);
  if (own == file_of.end()) return;
  for (std::size_t i = files[own->second].begin; i < files[own->second].end; ++i) to.push_back(i);
}

detail::Attributes PowerLoss::Impl::attributes_of(const Node& node, const Choice& choice) const {
  const auto own = file_of.find(&node);
  if (own == file_of.end()) return node.disk_attributes;
  const std::size_t last = files[own->second].end - 1;
  return slots[last].kind == Undecided::Kind::attributes ? slots[last].attributes[choice[last]] : node.disk_attributes;
}

void PowerLoss::Impl::build_tree(const Choice& choice) const {
  const Choice wanted(choice.begin(), choice.begin() + static_cast<std::ptrdiff_t>(entry_count()));
  if (!tree.empty() && wanted == tree_choice) return;
  tree_choice = wanted;
  std::map<const Node*, detail::Entries> changed;
  std::map<const Node*, std::pair<const Node*, std::string>> place_of;  // of directories that were moved
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == 0) continue;
    for (const EntryEdit& edit : machine.entry_changes[i].edits) {
      detail::Entries& entries = changed.try_emplace(edit.directory.get(), edit.directory->disk_entries).first->second;
      if (edit.node) {
        entries.insert_or_assign(edit.name, edit.node);
        if (edit.node->is_directory) place_of[edit.node.get()] = {edit.directory.get(), edit.name};
      } else {
        entries.erase(edit.name);
      }
    }
  }
  tree.assign(1, {.node = machine.root.get(), .entries = {}});
  std::unordered_map<const Node*, std::uint32_t> numbers = {{machine.root.get(), 0}};
  for (std::size_t at = 0; at < tree.size(); ++at) {
    const Node& node = *tree[at].node;
    if (!node.is_directory) continue;
    const auto own = changed.find(&node);
    const detail::Entries& entries = own == changed.end() ? node.disk_entries : own->second;
    for (const auto& [name, child] : entries) {
      const auto place = place_of.find(child.get());
      if (place != place_of.end() && place->second != std::pair{&node, name}) continue;  // it is elsewhere by now
      const auto [number, is_new] = numbers.emplace(child.get(), static_cast<std::uint32_t>(tree.size()));
      if (is_new) tree.push_back({.node = child.get(), .entries = {}});
      tree[at].entries.emplace_back(name, number->second);
    }
  }
}

std::shared_ptr<const ImageFile> PowerLoss::Impl::file_image(const Node& node, const Choice& choice) const {
  const auto own = file_of.find(&node);
  if (own == file_of.end() && node.body.settled_image()) return node.body.settled_image();
  ImageFile file{.attributes = attributes_of(node, choice),
                 .inode = node.inode,
                 .size = node.body.disk_size(),
                 .sectors = node.body.disk()};
  if (own != file_of.end()) {
    const SlotRange& range = files[own->second];
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const Slot& slot = slots[i];
      if (choice[i] == 0) continue;
      if (slot.kind == Undecided::Kind::size) file.size = slot.sizes[choice[i]];
      if (slot.kind != Undecided::Kind::sector) continue;
      if (file.sectors.size() <= slot.sector) file.sectors.resize(slot.sector + 1);
      file.sectors[slot.sector] = slot.sectors[choice[i]];
    }
  }
  const auto count = static_cast<std::size_t>((file.size + sector_bytes - 1) / sector_bytes);
  if (file.sectors.size() > count) file.sectors.resize(count);
  if (const std::size_t rest = file.size % sector_bytes; rest != 0 && file.sectors.size() == count) {
    file.sectors.back() = detail::clipped(file.sectors.back(), rest);
  }
  std::shared_ptr<const ImageFile> image = detail::make_image_file(std::move(file));
  if (own == file_of.end()) node.body.keep_settled_image(image);
  return image;
}

PowerLoss::PowerLoss(const SimFileSystem& machine, LossOptions options)
    : impl_(std::make_unique<Impl>(machine.machine(), options)) {
  const std::scoped_lock guard(impl_->machine.mutex);
  impl_->collect();
}

PowerLoss::~PowerLoss() = default;

std::span<const Undecided> PowerLoss::undecided() const noexcept { return impl_->undecided; }

std::vector<std::size_t> PowerLoss::seen(const Choice& choice,
                                         const std::function<bool(std::string_view name)>& is_seen) const {
  impl_->build_tree(choice);
  std::vector<std::size_t> found;
  std::vector<bool> is_reached(impl_->tree.size(), false);  // a directory stands before what is in it
  is_reached.front() = true;
  impl_->add_slots(*impl_->machine.root, found);
  for (std::size_t at = 0; at < impl_->tree.size(); ++at) {
    if (!is_reached[at]) continue;
    for (const auto& [name, number] : impl_->tree[at].entries) {
      if (!is_seen(name)) continue;
      is_reached[number] = true;
      impl_->add_slots(*impl_->tree[number].node, found);
    }
  }
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  return found;
}

bool PowerLoss::is_possible(const Choice& choice, LossModel model) const {
  if (model == LossModel::arbitrary) return true;
  // The instant of the loss lies behind every change that landed, and before the next one of each.
  std::uint64_t landed = 0;
  std::uint64_t missed = never;
  const std::size_t considered = model == LossModel::prefix ? impl_->slots.size() : impl_->entry_count();
  for (std::size_t i = 0; i < considered; ++i) {
    const Slot& slot = impl_->slots[i];
    if (slot.is_loose_at(choice[i])) return false;
    landed = std::max(landed, slot.times[choice[i]]);
    missed = std::min(missed, slot.next_time(choice[i]));
  }
  if (landed >= missed) return false;
  if (model == LossModel::prefix) return true;

  for (const SlotRange& file : impl_->files) {
    const Slot& size = impl_->slots[file.begin];
    if (size.kind != Undecided::Kind::size || choice[file.begin] == 0) continue;
    if (size.is_loose_at(choice[file.begin])) return false;
    const std::uint64_t since = size.times[choice[file.begin]];
    for (std::size_t i = file.begin + 1; i < file.end; ++i) {
      const Slot& slot = impl_->slots[i];
      if (slot.kind != Undecided::Kind::sector) continue;
      if (slot.is_loose_at(choice[i])) return false;
      if (std::uint64_t{slot.sector} * sector_bytes >= size.sizes[choice[file.begin]]) continue;
      if (slot.next_time(choice[i]) <= since) return false;
    }
  }
  return true;
}

std::vector<Choice> PowerLoss::prefixes() const {
  std::set<std::uint64_t> instants = {0};
  for (const Slot& slot : impl_->slots) {
    for (std::size_t state = 0; state < slot.times.size(); ++state) {
      if (!slot.is_loose_at(state)) instants.insert(slot.times[state]);
    }
  }
  std::vector<Choice> all;
  for (const std::uint64_t instant : instants) {
    Choice& choice = all.emplace_back();
    for (const Slot& slot : impl_->slots) choice.push_back(slot.state_at(instant));
  }
  return all;
}

DiskImage PowerLoss::outcome(const Choice& choice) const {
  impl_->build_tree(choice);
  std::vector<ImageNode> nodes;
  nodes.reserve(impl_->tree.size());
  for (const TreeNode& from : impl_->tree) {
    ImageNode node;
    if (from.node->is_directory || from.node->is_other) {
      node.is_other = from.node->is_other;
      node.link_target = from.node->link_target;
      node.attributes = impl_->attributes_of(*from.node, choice);
      node.inode = from.node->inode;
      node.entries = from.entries;
    } else {
      node.file = impl_->file_image(*from.node, choice);
    }
    nodes.push_back(std::move(node));
  }
  return DiskImage(detail::make_image(std::move(nodes)));
}

}  // namespace safeatomic::sim
