#pragma once
// What the wrapped objects share.

#include <expected>
#include <string>
#include <utility>

#include "faulty_file_system.hpp"

namespace safeatomic::test {

[[nodiscard]] inline std::unexpected<Error> injected(const FsOp& op, const Fault& fault) {
  return std::unexpected(Error{errc_of(fault.os_errno), to_string(op.kind), op.path, fault.os_errno});
}

/// Does `call` unless the hook says otherwise.
template <class Call>
auto run(FaultyFileSystem& owner, const FsOp& op, Call call) -> decltype(call()) {
  const Fault fault = owner.begin(op);
  if (fault.os_errno == 0) return call();
  if (fault.is_done_anyway) static_cast<void>(call());
  return injected(op, fault);
}

[[nodiscard]] std::unique_ptr<Directory> wrap(FaultyFileSystem& owner, std::unique_ptr<Directory> inner);
[[nodiscard]] std::unique_ptr<File> wrap(FaultyFileSystem& owner, std::unique_ptr<File> inner);
[[nodiscard]] std::unique_ptr<Mapping> wrap(FaultyFileSystem& owner, std::string path, std::uint64_t offset,
                                            std::unique_ptr<Mapping> inner);

template <class Object>
Result<std::unique_ptr<Object>> wrap(FaultyFileSystem& owner, Result<std::unique_ptr<Object>> opened) {
  if (!opened) return opened;
  return wrap(owner, std::move(*opened));
}

}  // namespace safeatomic::test
