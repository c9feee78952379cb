#include <safeatomic/sim/sim_file_system.hpp>

#include <vector>

#include <safeatomic/sim/power_loss.hpp>

#include "machine.hpp"

namespace safeatomic::sim {

using detail::Image;
using detail::ImageNode;
using detail::Machine;
using detail::Node;
using detail::NodeRef;

namespace {

NodeRef boot_node(Machine& machine, const ImageNode& from) {
  const std::uint64_t inode = from.file ? from.file->inode : from.inode;
  machine.numbers->take(inode);
  auto node = std::make_shared<Node>(machine.numbers, inode);
  node->is_directory = !from.file && !from.is_other;
  node->is_other = from.is_other;
  node->link_target = from.link_target;
  node->attributes = node->disk_attributes = from.file ? from.file->attributes : from.attributes;
  if (from.file) node->body = detail::FileBody(from.file);
  return node;
}

void boot(Machine& machine, const Image& image) {
  std::vector<NodeRef> nodes;
  nodes.reserve(image.nodes.size());
  for (const ImageNode& from : image.nodes) nodes.push_back(boot_node(machine, from));
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const auto& [name, number] : image.nodes[i].entries) {
      nodes[i]->entries.emplace_hint(nodes[i]->entries.end(), name, nodes[number]);
      ++nodes[number]->link_count;
      if (nodes[number]->is_directory) nodes[number]->parent = nodes[i];
    }
    nodes[i]->disk_entries = nodes[i]->entries;
  }
  machine.root = nodes.front();
}

Result<void> make_other(Machine& machine, const std::filesystem::path& path, const std::string& link_target) {
  constexpr std::string_view action = "make";
  const std::scoped_lock guard(machine.mutex);
  const NodeRef directory = machine.find(path.parent_path());
  const std::string name = path.filename().native();
  if (!directory || !directory->is_directory || name.empty()) return detail::failed(action, path, ENOENT);
  if (directory->entries.contains(name)) return detail::failed(action, path, EEXIST);
  const NodeRef node = machine.make_node(false, 0777);
  node->is_other = true;
  node->link_target = link_target;
  machine.change_entries({{directory, name, node}});
  return {};
}

}  // namespace

SimFileSystem::SimFileSystem(const DiskImage& disk) : machine_(std::make_unique<Machine>()) {
  boot(*machine_, disk.get());
}

SimFileSystem::~SimFileSystem() = default;

Result<std::unique_ptr<Directory>> SimFileSystem::open_directory(const std::filesystem::path& path) {
  constexpr std::string_view action = "open directory";
  const std::scoped_lock guard(machine_->mutex);
  if (machine_->is_down()) return detail::failed(action, path, EIO);
  const Injection injection = machine_->begin({.kind = OpKind::open_root, .directory = path.native()});
  if (const int reason = Machine::errno_of(injection.fault); reason != 0) return detail::failed(action, path, reason);
  NodeRef node = machine_->find(path);
  if (!node) return detail::failed(action, path, ENOENT);
  if (!node->is_directory) return detail::failed(action, path, ENOTDIR);
  return detail::open_sim_directory(*machine_, std::move(node), path);
}

Result<std::uint64_t> SimFileSystem::random() {
  constexpr std::string_view action = "draw a random number";
  const std::scoped_lock guard(machine_->mutex);
  if (machine_->is_down()) return detail::failed(action, {}, EIO);
  const Injection injection = machine_->begin({.kind = OpKind::random});
  if (const int reason = Machine::errno_of(injection.fault); reason != 0) return detail::failed(action, {}, reason);
  return detail::mixed(0, ++machine_->random_state);
}

void SimFileSystem::set_hook(FaultHook hook) {
  const std::scoped_lock guard(machine_->mutex);
  machine_->hook = std::move(hook);
}

std::uint64_t SimFileSystem::ordinal() const {
  const std::scoped_lock guard(machine_->mutex);
  return machine_->ordinal;
}

std::uint64_t SimFileSystem::change_count() const {
  const std::scoped_lock guard(machine_->mutex);
  return machine_->time + machine_->syncs;
}

void SimFileSystem::process_kill() {
  const std::scoped_lock guard(machine_->mutex);
  machine_->kill();
}

void SimFileSystem::start_process() {
  const std::scoped_lock guard(machine_->mutex);
  machine_->is_killed = false;
}

void SimFileSystem::drop_caches() {
  const std::scoped_lock guard(machine_->mutex);
  for (const NodeRef& node : machine_->all_nodes()) machine_->drop_clean(*node, !machine_->is_open(*node));
}

Result<void> SimFileSystem::make_symbolic_link(const std::filesystem::path& target, const std::filesystem::path& link) {
  return make_other(*machine_, link, target.native());
}

Result<void> SimFileSystem::make_fifo(const std::filesystem::path& path) { return make_other(*machine_, path, {}); }

Result<void> SimFileSystem::change_mode(const std::filesystem::path& path, std::uint32_t mode) {
  const std::scoped_lock guard(machine_->mutex);
  const NodeRef node = machine_->find(path);
  if (!node) return detail::failed("change mode of", path, ENOENT);
  detail::Attributes attributes = node->attributes;
  attributes.mode = mode & 0777U;
  machine_->change_attributes(*node, attributes);
  return {};
}

bool SimFileSystem::is_power_lost() const {
  const std::scoped_lock guard(machine_->mutex);
  return machine_->power_lost;
}

Usage SimFileSystem::usage() const {
  const std::scoped_lock guard(machine_->mutex);
  return machine_->usage;
}

std::optional<std::string> SimFileSystem::peek(const std::filesystem::path& path) const {
  const std::scoped_lock guard(machine_->mutex);
  const NodeRef node = machine_->find(path);
  if (!node || node->is_directory || node->is_other) return std::nullopt;
  std::string content(static_cast<std::size_t>(node->body.size()), '\0');
  static_cast<void>(node->body.read(0, content));
  return content;
}

std::vector<std::string> SimFileSystem::peek_names(const std::filesystem::path& directory) const {
  const std::scoped_lock guard(machine_->mutex);
  std::vector<std::string> names;
  if (const NodeRef node = machine_->find(directory)) {
    for (const auto& [name, child] : node->entries) names.push_back(name);
  }
  return names;
}

DiskImage SimFileSystem::shut_down() const {
  const PowerLoss loss(*this);
  Choice everything;
  for (const Undecided& undecided : loss.undecided()) {
    everything.push_back(undecided.options - 1);
  }
  return loss.outcome(everything);
}

}  // namespace safeatomic::sim
