#pragma once
// The state of a machine: the tree of names, what is open, what is undecided.

#include <cerrno>
#include <expected>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <safeatomic/sim/sim_file_system.hpp>

#include "file_body.hpp"

namespace safeatomic::sim::detail {

class SimMapping;
struct Node;
using NodeRef = std::shared_ptr<Node>;
using Entries = std::map<std::string, NodeRef, std::less<>>;

/// What files share. Inode numbers: the lowest that nothing holds.
class InodeNumbers {
 public:
  std::uint64_t take();
  void take(std::uint64_t number) { taken_.insert(number); }
  void release(std::uint64_t number) noexcept { taken_.erase(number); }

  /// The bytes of files that are gone, by their place in the file: what free space holds.
  [[nodiscard]] const Sectors& free_space() const noexcept { return free_space_; }
  void leave(const Sectors& sectors) noexcept {
    try {
      if (free_space_.size() < sectors.size()) free_space_.resize(sectors.size());
    } catch (const std::bad_alloc&) {
      return;  // then it holds something else
    }
    for (std::size_t i = 0; i < sectors.size(); ++i) {
      if (sectors[i]) free_space_[i] = sectors[i];
    }
  }

 private:
  std::set<std::uint64_t> taken_;
  Sectors free_space_;
};

struct AttributeChange {
  std::uint64_t time;
  Attributes attributes;
};

/// A file, a directory, a symbolic link or a FIFO. Lives as long as a name, a possible name or an opening leads to it.
struct Node {
  Node(std::shared_ptr<InodeNumbers> from, std::uint64_t inode_number) noexcept
      : numbers(std::move(from)), inode(inode_number) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() {
    numbers->release(inode);
    if (link_count == 0) numbers->leave(body.disk());
  }

  std::shared_ptr<InodeNumbers> numbers;
  std::uint64_t inode;
  bool is_directory = false;
  bool is_other = false;    // a symbolic link or,
  std::string link_target;  // without a target, a FIFO
  Attributes attributes;
  Attributes disk_attributes;                      // at the last sync_all
  std::vector<AttributeChange> attribute_changes;  // since then
  std::int64_t modified = 0;
  const void* flock_holder = nullptr;
  const void* record_holder = nullptr;
  std::uint64_t open_generation = 0;  // of the process that has it open
  std::uint64_t open_count = 0;

  // Of a file.
  std::uint64_t link_count = 0;  // as processes see it
  FileBody body;
  std::vector<SimMapping*> mappings;

  // Of a directory.
  std::weak_ptr<Node> parent;
  Entries entries;       // as processes see them
  Entries disk_entries;  // at the last sync
};

/// A name given (to `node`) or taken away (null).
struct EntryEdit {
  NodeRef directory;
  std::string name;
  NodeRef node;
};

/// Edits that happen together.
struct EntryChange {
  std::uint64_t time;
  std::vector<EntryEdit> edits;
};

/// Guarded by `mutex`.
struct Machine {
  mutable std::recursive_mutex mutex;  // recursive: the hook may look at the machine
  std::shared_ptr<InodeNumbers> numbers = std::make_shared<InodeNumbers>();
  NodeRef root;
  std::vector<EntryChange> entry_changes;  // since the directories' last syncs
  std::uint64_t time = 1;                  // of the next change
  std::uint64_t syncs = 0;                 // that changed what is undecided
  std::uint64_t ordinal = 0;
  std::uint64_t generation = 1;  // of processes
  bool is_killed = false;        // and no process was started since
  bool power_lost = false;
  std::uint64_t random_state = 0;
  FaultHook hook;
  Usage usage;
  std::set<Node*> locked;

  /// Numbers the operation and asks the hook. `process_kill` and `power_loss` are carried out.
  [[nodiscard]] Injection begin(Operation op);
  void kill();

  /// Nothing can be opened.
  [[nodiscard]] bool is_down() const noexcept { return power_lost || is_killed; }
  [[nodiscard]] bool is_dead(std::uint64_t of_generation) const noexcept {
    return is_down() || of_generation != generation;
  }
  [[nodiscard]] bool is_open(const Node& node) const noexcept {
    return node.open_generation == generation && node.open_count != 0;
  }

  [[nodiscard]] NodeRef make_node(bool is_directory, std::uint32_t mode);
  void change_entries(std::vector<EntryEdit> edits);
  void sync_directory(Node& directory);
  void land_entries(Node& directory);
  void sync_file(Node& file);
  void sync_everything();
  void change_attributes(Node& node, const Attributes& attributes);
  void sync_attributes(Node& node);
  /// See SimFileSystem::drop_caches.
  void drop_clean(Node& file, bool with_size);
  /// Every node that has a name, once.
  [[nodiscard]] std::vector<NodeRef> all_nodes() const;
  /// Follows symbolic links.
  [[nodiscard]] NodeRef find(const std::filesystem::path& path) const;
  void release_locks(const void* holder);
  void update_mappings(Node& file, std::uint64_t offset, std::uint64_t length);

  /// Errno for what a fault does to an operation that has no effect of its own; 0 if it goes on.
  [[nodiscard]] static int errno_of(Fault fault) noexcept;
};

[[nodiscard]] inline std::unexpected<Error> failed(std::string_view action, const std::filesystem::path& path,
                                                   int os_errno) {
  return std::unexpected(Error{errc_of(os_errno), action, path, os_errno});
}

[[nodiscard]] FileInfo info_of(const Node& node) noexcept;

/// Offsets beyond are refused, as by `off_t`.
inline constexpr std::uint64_t offset_max = (std::uint64_t{1} << 63) - 1;

/// One opening of a node: what files and directories share.
class Opening {
 public:
  Opening(Machine& machine, NodeRef node, std::filesystem::path path, std::uint64_t Usage::* count);
  Opening(const Opening&) = delete;
  Opening& operator=(const Opening&) = delete;
  ~Opening();

  [[nodiscard]] Machine& machine() const noexcept { return machine_; }
  [[nodiscard]] const NodeRef& node() const noexcept { return node_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }

  /// Begins an operation: the errno with which it fails at once, or 0; in `injection` what else is to happen.
  [[nodiscard]] int begin(const Operation& op, Injection& injection) const;

  /// Does `call` unless the operation fails at once.
  template <class Call>
  auto run(std::string_view action, const Operation& op, Call call) const -> decltype(call()) {
    const std::scoped_lock guard(machine_.mutex);
    Injection injection;
    int reason = begin(op, injection);
    if (reason == 0) reason = Machine::errno_of(injection.fault);
    if (reason != 0) return failed(action, path_, reason);
    return call();
  }

  [[nodiscard]] bool try_lock(const void*& holder) const;
  void unlock(const void*& holder) const;

 private:
  Machine& machine_;
  NodeRef node_;
  std::filesystem::path path_;
  std::uint64_t generation_;
  std::uint64_t Usage::* count_;
};

[[nodiscard]] std::unique_ptr<File> open_sim_file(Machine& machine, NodeRef node, std::filesystem::path path,
                                                  bool can_write);
[[nodiscard]] std::unique_ptr<Directory> open_sim_directory(Machine& machine, NodeRef node, std::filesystem::path path);

}  // namespace safeatomic::sim::detail
