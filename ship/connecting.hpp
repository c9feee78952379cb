#pragma once
// How the client library is told where the servers are, and who we are.

#include <chrono>

#include "ship/nats_handles.hpp"
#include "ship/outcome.hpp"
#include "ship/stream.hpp"

namespace datawal::ship {

/// How long something has been tried.
class Patience {
 public:
  explicit Patience(const StreamOptions& options) : options_(options) {}

  /// Waits a little, and says why if that goes on. @return false if it is time to give up
  [[nodiscard]] bool goes_on(const std::string& why) const;

 private:
  const StreamOptions& options_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

/// Waits for a server as long as the options say.
/// @return exit_usage if a file of a key cannot be read, or no server lets us in, and why
[[nodiscard]] Outcome<Connection> connect_to_servers(const StreamOptions& options);

}  // namespace datawal::ship
