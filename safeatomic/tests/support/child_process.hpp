#pragma once

#include <functional>
#include <string>

namespace safeatomic::test {

/// Runs `body` in a forked child and hands back what it returned: "" if all was well, else what was not. For what a
/// test must not do to its own process: change the directory, the user, the mounts. No assertions inside.
[[nodiscard]] std::string in_child(const std::function<std::string()>& body);

}  // namespace safeatomic::test
