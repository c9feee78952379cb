#include <safeatomic/sim/operation.hpp>

#include <safeatomic/temporary.hpp>

namespace safeatomic::sim {

namespace {

std::string_view last_component(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  if (target_of_temporary(name)) return ".tmp";
  return name.empty() ? path : name;
}

}  // namespace

std::string_view to_string(OpKind kind) noexcept {
  switch (kind) {
    case OpKind::open_root: return "open_root";
    case OpKind::random: return "random";
    case OpKind::open_file: return "open_file";
    case OpKind::open_directory: return "open_directory";
    case OpKind::open_parent: return "open_parent";
    case OpKind::make_directory: return "make_directory";
    case OpKind::list: return "list";
    case OpKind::directory_info: return "directory_info";
    case OpKind::info_of: return "info_of";
    case OpKind::link: return "link";
    case OpKind::rename: return "rename";
    case OpKind::unlink: return "unlink";
    case OpKind::remove_directory: return "remove_directory";
    case OpKind::sync_directory: return "sync_directory";
    case OpKind::sync_file_system: return "sync_file_system";
    case OpKind::lock_directory: return "lock_directory";
    case OpKind::unlock_directory: return "unlock_directory";
    case OpKind::is_network: return "is_network";
    case OpKind::reserves_for_good: return "reserves_for_good";
    case OpKind::read_link: return "read_link";
    case OpKind::read: return "read";
    case OpKind::write: return "write";
    case OpKind::append: return "append";
    case OpKind::truncate: return "truncate";
    case OpKind::reserve: return "reserve";
    case OpKind::sync_data: return "sync_data";
    case OpKind::sync_all: return "sync_all";
    case OpKind::start_writeback: return "start_writeback";
    case OpKind::file_info: return "file_info";
    case OpKind::next_data: return "next_data";
    case OpKind::map: return "map";
    case OpKind::copy_ownership: return "copy_ownership";
    case OpKind::access_control_list: return "access_control_list";
    case OpKind::set_access_control_list: return "set_access_control_list";
    case OpKind::lock_file: return "lock_file";
    case OpKind::unlock_file: return "unlock_file";
    case OpKind::is_locked: return "is_locked";
    case OpKind::map_write: return "map_write";
    case OpKind::populate: return "populate";
    case OpKind::prefer_huge_pages: return "prefer_huge_pages";
  }
  return "unknown operation";
}

bool is_change(OpKind kind) noexcept {
  switch (kind) {
    case OpKind::make_directory:
    case OpKind::link:
    case OpKind::rename:
    case OpKind::unlink:
    case OpKind::remove_directory:
    case OpKind::sync_directory:
    case OpKind::sync_file_system:
    case OpKind::write:
    case OpKind::append:
    case OpKind::truncate:
    case OpKind::reserve:
    case OpKind::sync_data:
    case OpKind::sync_all:
    case OpKind::copy_ownership:
    case OpKind::set_access_control_list:
    case OpKind::map_write: return true;
    default: return false;
  }
}

std::string describe(const Operation& op) {
  std::string text(to_string(op.kind));
  text.append(" ").append(last_component(op.name.empty() ? op.directory : op.name));
  if (!op.target.empty()) text.append(" -> ").append(last_component(op.target));
  if (op.kind == OpKind::truncate) text.append(" to ").append(std::to_string(op.offset));
  if (op.size != 0) text.append(" ").append(std::to_string(op.offset)).append("+").append(std::to_string(op.size));
  return text;
}

}  // namespace safeatomic::sim
