#include "faulty_file_system.hpp"

#include <filesystem>

#include <safeatomic/temporary.hpp>

#include "faulty_operation.hpp"

namespace safeatomic::test {
namespace {

std::string last_component(const std::string& path) {
  std::string name = std::filesystem::path(path).filename().native();
  if (is_temporary_name(name)) return ".tmp";
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
    case OpKind::read: return "read";
    case OpKind::write: return "write";
    case OpKind::truncate: return "truncate";
    case OpKind::reserve: return "reserve";
    case OpKind::sync_data: return "sync_data";
    case OpKind::sync_all: return "sync_all";
    case OpKind::start_writeback: return "start_writeback";
    case OpKind::file_info: return "file_info";
    case OpKind::next_data: return "next_data";
    case OpKind::map: return "map";
    case OpKind::copy_ownership: return "copy_ownership";
    case OpKind::lock_file: return "lock_file";
    case OpKind::unlock_file: return "unlock_file";
    case OpKind::is_locked: return "is_locked";
    case OpKind::map_write: return "map_write";
    case OpKind::populate: return "populate";
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
    case OpKind::truncate:
    case OpKind::reserve:
    case OpKind::sync_data:
    case OpKind::sync_all:
    case OpKind::copy_ownership:
    case OpKind::map_write: return true;
    default: return false;
  }
}

std::string describe(const FsOp& op) {
  std::string text(to_string(op.kind));
  if (!op.path.empty()) text.append(" ").append(last_component(op.path));
  if (!op.target.empty()) text.append(" -> ").append(last_component(op.target));
  return text;
}

FaultHook fail_at(std::uint64_t ordinal, Fault fault) {
  return [ordinal, fault](const FsOp& op) { return op.ordinal == ordinal ? std::optional(fault) : std::nullopt; };
}

FaultHook fail_from(std::uint64_t ordinal, Fault fault) {
  return [ordinal, fault](const FsOp& op) { return op.ordinal >= ordinal ? std::optional(fault) : std::nullopt; };
}

FaultHook fail_every(OpKind kind, Fault fault) {
  return [kind, fault](const FsOp& op) { return op.kind == kind ? std::optional(fault) : std::nullopt; };
}

FaultyFileSystem::FaultyFileSystem(FileSystem& inner, FaultHook hook) : inner_(inner), hook_(std::move(hook)) {}

Result<std::unique_ptr<Directory>> FaultyFileSystem::open_directory(const std::filesystem::path& path) {
  return run(*this, {.kind = OpKind::open_root, .path = path.native()},
             [&] { return wrap(*this, inner_.open_directory(path)); });
}

Result<std::uint64_t> FaultyFileSystem::random() {
  return run(*this, {.kind = OpKind::random}, [&] { return inner_.random(); });
}

void FaultyFileSystem::set_hook(FaultHook hook) {
  const std::scoped_lock guard(mutex_);
  hook_ = std::move(hook);
}

void FaultyFileSystem::restart() {
  const std::scoped_lock guard(mutex_);
  ordinal_ = 0;
  operations_.clear();
}

std::uint64_t FaultyFileSystem::operation_count() const {
  const std::scoped_lock guard(mutex_);
  return ordinal_;
}

std::vector<FsOp> FaultyFileSystem::operations() const {
  const std::scoped_lock guard(mutex_);
  return operations_;
}

std::vector<std::string> FaultyFileSystem::changes() const {
  std::vector<std::string> texts;
  for (const FsOp& op : operations()) {
    if (is_change(op.kind)) texts.push_back(describe(op));
  }
  return texts;
}

Fault FaultyFileSystem::begin(FsOp op) {
  const std::scoped_lock guard(mutex_);
  op.ordinal = ++ordinal_;
  operations_.push_back(op);
  if (!hook_) return {};
  return hook_(op).value_or(Fault{});
}

}  // namespace safeatomic::test
