#include <algorithm>
#include <string>

#include "machine.hpp"

namespace safeatomic::sim::detail {

namespace {

constexpr std::size_t name_max = 255;

class SimDirectory final : public Directory {
 public:
  SimDirectory(Machine& machine, NodeRef node, std::filesystem::path path)
      : opening_(machine, std::move(node), std::move(path), &Usage::directories) {}

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return opening_.path(); }
  [[nodiscard]] Result<std::unique_ptr<File>> open_file(std::string_view name, const OpenMode& how) override;
  [[nodiscard]] Result<std::unique_ptr<Directory>> open_directory(std::string_view name) override;
  [[nodiscard]] Result<std::unique_ptr<Directory>> open_parent() override;
  [[nodiscard]] Result<void> make_directory(std::string_view name, std::uint32_t mode) override;
  [[nodiscard]] Result<std::vector<std::string>> list() override;
  [[nodiscard]] Result<FileInfo> info() const override;
  [[nodiscard]] Result<FileInfo> info_of(std::string_view name) const override;
  [[nodiscard]] Result<void> link(std::string_view name, Directory& target, std::string_view new_name) override;
  [[nodiscard]] Result<void> rename(std::string_view name, Directory& target, std::string_view new_name,
                                    RenameMode mode) override;
  [[nodiscard]] Result<void> unlink(std::string_view name) override;
  [[nodiscard]] Result<void> remove_directory(std::string_view name) override;
  [[nodiscard]] Result<void> sync() override;
  [[nodiscard]] Result<void> sync_file_system() override;
  [[nodiscard]] Result<bool> try_lock() override;
  Result<void> unlock() override;
  [[nodiscard]] Result<std::filesystem::path> read_link(std::string_view name) const override;
  [[nodiscard]] Result<bool> is_network() const override {
    return opening_.run("inspect filesystem of", operation(OpKind::is_network), []() -> Result<bool> { return false; });
  }
  [[nodiscard]] Result<bool> reserves_for_good() const override {
    return opening_.run("inspect filesystem of", operation(OpKind::reserves_for_good),
                        []() -> Result<bool> { return true; });
  }

 private:
  [[nodiscard]] Machine& machine() const noexcept { return opening_.machine(); }
  [[nodiscard]] Operation operation(OpKind kind, std::string_view name = {},
                                    std::string_view target = {}) const noexcept {
    return {.kind = kind, .directory = path().native(), .name = name, .target = target};
  }
  /// The node of a name, null if it is free.
  [[nodiscard]] NodeRef at(std::string_view name) const {
    const auto entry = opening_.node()->entries.find(name);
    return entry == opening_.node()->entries.end() ? nullptr : entry->second;
  }
  [[nodiscard]] std::unexpected<Error> refuse(std::string_view action, std::string_view name, int os_errno) const {
    return failed(action, path() / name, os_errno);
  }

  Opening opening_;
};

/// A name is one component: nothing that leads out of the directory.
Result<void> check_name(std::string_view action, const std::filesystem::path& directory, std::string_view name) {
  const bool is_component = !name.empty() && name != "." && name != ".." &&
                            name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
  if (is_component && name.size() <= name_max) return {};
  return std::unexpected(Error{Errc::invalid_argument, action, directory / name, is_component ? ENAMETOOLONG : EINVAL});
}

Result<std::unique_ptr<File>> SimDirectory::open_file(std::string_view name, const OpenMode& how) {
  constexpr std::string_view action = "open";
  return opening_.run(action, operation(OpKind::open_file, name), [&]() -> Result<std::unique_ptr<File>> {
    if (const Result<void> usable = check_name(action, path(), name); !usable) return propagate(usable);
    NodeRef node = at(name);
    if (node && how.create && how.exclusive) return refuse(action, name, EEXIST);
    if (node && node->is_directory) return refuse(action, name, EISDIR);
    if (node && node->is_other) {
      const int reason = node->link_target.empty() ? 0 : ELOOP;
      return std::unexpected(Error{Errc::not_regular, action, path() / name, reason});
    }
    if (!node && !how.create) return refuse(action, name, ENOENT);
    if (!node) {
      node = machine().make_node(false, how.mode);
      machine().change_entries({{opening_.node(), std::string(name), node}});
    }
    return open_sim_file(machine(), std::move(node), path() / name, how.write);
  });
}

Result<std::unique_ptr<Directory>> SimDirectory::open_directory(std::string_view name) {
  constexpr std::string_view action = "open directory";
  return opening_.run(action, operation(OpKind::open_directory, name), [&]() -> Result<std::unique_ptr<Directory>> {
    if (const Result<void> usable = check_name(action, path(), name); !usable) return propagate(usable);
    NodeRef node = at(name);
    if (!node) return refuse(action, name, ENOENT);
    if (!node->is_directory) return refuse(action, name, ENOTDIR);
    return open_sim_directory(machine(), std::move(node), path() / name);
  });
}

Result<std::unique_ptr<Directory>> SimDirectory::open_parent() {
  return opening_.run("open directory", operation(OpKind::open_parent), [&]() -> Result<std::unique_ptr<Directory>> {
    NodeRef parent = opening_.node()->parent.lock();
    if (!parent) parent = opening_.node();  // the root
    return open_sim_directory(machine(), std::move(parent), path() / "..");
  });
}

Result<void> SimDirectory::make_directory(std::string_view name, std::uint32_t mode) {
  constexpr std::string_view action = "make directory";
  return opening_.run(action, operation(OpKind::make_directory, name), [&]() -> Result<void> {
    if (const Result<void> usable = check_name(action, path(), name); !usable) return usable;
    if (at(name)) return refuse(action, name, EEXIST);
    machine().change_entries({{opening_.node(), std::string(name), machine().make_node(true, mode)}});
    return {};
  });
}

Result<std::vector<std::string>> SimDirectory::list() {
  return opening_.run("list", operation(OpKind::list), [&]() -> Result<std::vector<std::string>> {
    std::vector<std::string> names;
    for (const auto& [name, node] : opening_.node()->entries) names.push_back(name);
    return names;
  });
}

Result<FileInfo> SimDirectory::info() const {
  return opening_.run("inspect", operation(OpKind::directory_info),
                      [&]() -> Result<FileInfo> { return detail::info_of(*opening_.node()); });
}

Result<FileInfo> SimDirectory::info_of(std::string_view name) const {
  constexpr std::string_view action = "inspect";
  return opening_.run(action, operation(OpKind::info_of, name), [&]() -> Result<FileInfo> {
    if (const Result<void> usable = check_name(action, path(), name); !usable) return propagate(usable);
    const NodeRef node = at(name);
    if (!node) return refuse(action, name, ENOENT);
    return detail::info_of(*node);
  });
}

Result<std::filesystem::path> SimDirectory::read_link(std::string_view name) const {
  constexpr std::string_view action = "read link";
  return opening_.run(action, operation(OpKind::read_link, name), [&]() -> Result<std::filesystem::path> {
    if (const Result<void> usable = check_name(action, path(), name); !usable) return propagate(usable);
    const NodeRef node = at(name);
    if (!node) return refuse(action, name, ENOENT);
    if (node->link_target.empty()) {
      return std::unexpected(Error{Errc::not_regular, action, path() / name, EINVAL});
    }
    return std::filesystem::path(node->link_target);
  });
}

Result<void> SimDirectory::link(std::string_view name, Directory& target, std::string_view new_name) {
  constexpr std::string_view action = "link";
  auto& into = static_cast<SimDirectory&>(target);
  return opening_.run(action, operation(OpKind::link, name, new_name), [&]() -> Result<void> {
    if (const Result<void> usable = check_name(action, path(), name); !usable) return usable;
    if (const Result<void> usable = check_name(action, into.path(), new_name); !usable) return usable;
    NodeRef node = at(name);
    if (!node) return refuse(action, name, ENOENT);
    if (node->is_directory) return refuse(action, name, EPERM);
    if (into.at(new_name)) return into.refuse(action, new_name, EEXIST);
    machine().change_entries({{into.opening_.node(), std::string(new_name), std::move(node)}});
    return {};
  });
}

Result<void> SimDirectory::rename(std::string_view name, Directory& target, std::string_view new_name,
                                  RenameMode mode) {
  constexpr std::string_view action = "rename to";
  auto& into = static_cast<SimDirectory&>(target);
  return opening_.run(action, operation(OpKind::rename, name, new_name), [&]() -> Result<void> {
    if (const Result<void> usable = check_name(action, path(), name); !usable) return usable;
    if (const Result<void> usable = check_name(action, into.path(), new_name); !usable) return usable;
    const NodeRef node = at(name);
    const NodeRef there = into.at(new_name);
    if (!node) return refuse(action, name, ENOENT);
    if (there && mode == RenameMode::no_replace) return into.refuse(action, new_name, EEXIST);
    if (there == node) return {};
    if (there && there->is_directory && !node->is_directory) return into.refuse(action, new_name, EISDIR);
    if (there && !there->is_directory && node->is_directory) return into.refuse(action, new_name, ENOTDIR);
    if (there && !there->entries.empty()) return into.refuse(action, new_name, ENOTEMPTY);
    for (NodeRef above = into.opening_.node(); above; above = above->parent.lock()) {
      if (above == node) return into.refuse(action, new_name, EINVAL);  // below itself
    }
    machine().change_entries(
        {{opening_.node(), std::string(name), nullptr}, {into.opening_.node(), std::string(new_name), node}});
    return {};
  });
}

Result<void> SimDirectory::unlink(std::string_view name) {
  constexpr std::string_view action = "remove";
  return opening_.run(action, operation(OpKind::unlink, name), [&]() -> Result<void> {
    if (const Result<void> usable = check_name(action, path(), name); !usable) return usable;
    const NodeRef node = at(name);
    if (!node) return refuse(action, name, ENOENT);
    if (node->is_directory) return refuse(action, name, EISDIR);
    machine().change_entries({{opening_.node(), std::string(name), nullptr}});
    return {};
  });
}

Result<void> SimDirectory::remove_directory(std::string_view name) {
  constexpr std::string_view action = "remove directory";
  return opening_.run(action, operation(OpKind::remove_directory, name), [&]() -> Result<void> {
    if (const Result<void> usable = check_name(action, path(), name); !usable) return usable;
    const NodeRef node = at(name);
    if (!node) return refuse(action, name, ENOENT);
    if (!node->is_directory) return refuse(action, name, ENOTDIR);
    if (!node->entries.empty()) return refuse(action, name, ENOTEMPTY);
    machine().change_entries({{opening_.node(), std::string(name), nullptr}});
    return {};
  });
}

Result<void> SimDirectory::sync() {
  return opening_.run("sync directory", operation(OpKind::sync_directory), [&]() -> Result<void> {
    machine().sync_directory(*opening_.node());
    return {};
  });
}

Result<void> SimDirectory::sync_file_system() {
  return opening_.run("sync filesystem of", operation(OpKind::sync_file_system), [&]() -> Result<void> {
    machine().sync_everything();
    return {};
  });
}

Result<bool> SimDirectory::try_lock() {
  return opening_.run("lock", operation(OpKind::lock_directory),
                      [&]() -> Result<bool> { return opening_.try_lock(opening_.node()->flock_holder); });
}

Result<void> SimDirectory::unlock() {
  return opening_.run("unlock", operation(OpKind::unlock_directory), [&]() -> Result<void> {
    opening_.unlock(opening_.node()->flock_holder);
    return {};
  });
}

}  // namespace

std::unique_ptr<Directory> open_sim_directory(Machine& machine, NodeRef node, std::filesystem::path path) {
  return std::make_unique<SimDirectory>(machine, std::move(node), std::move(path));
}

}  // namespace safeatomic::sim::detail
