#include "faulty_file_system.hpp"

#include <filesystem>

#include <safeatomic/temporary.hpp>

#include "faulty_operation.hpp"

namespace safeatomic::test {
namespace {

std::string last_component(const std::string& path) {
  std::string name = std::filesystem::path(path).filename().native();
  if (target_of_temporary(name)) return ".tmp";
  return name.empty() ? path : name;
}

}  // namespace

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
