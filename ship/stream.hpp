#pragma once
// The stream in NATS JetStream: one subject, file storage, no limits, nothing deleted.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ship/outcome.hpp"
#include "ship/unit.hpp"

namespace datawal::ship {

struct StreamOptions {
  std::vector<std::string> servers{
      "nats://127.0.0.1:4222"};  ///< a user and a password may stand in front: user:password@
  std::string name = "DATAWAL";
  std::int64_t replicas = 3;             ///< of a stream that is made
  std::chrono::milliseconds wait{2000};  ///< for one answer
  std::chrono::seconds patience{30};     ///< for an answer at all; 0: for ever
  std::string tls_ca{};                  ///< a file: who may have signed the servers' certificates; with it, TLS alone
  std::string tls_cert{};                ///< a file: the certificate to show; empty: none
  std::string tls_key{};                 ///< a file: its key
  std::string creds{};                   ///< a file: a user's JWT and seed
  std::string nkey{};                    ///< a file: a user's seed
  std::function<void(const std::string&)> on_trouble{};  ///< each time that something has to be tried again, with why
  const std::atomic<bool>* stop = nullptr;               ///< gives up when it is set; null: never
};

/// A message of the stream.
struct Message {
  std::uint64_t sequence = 0;
  std::optional<Unit> unit{};  ///< nullopt: of somebody else who may publish there, or damaged
  bool is_newer = false;       ///< it says that it is a unit of a later version
  std::string body{};
  std::chrono::system_clock::time_point stored{};  ///< when it came there, by the servers' clock
};

/// One call at a time; by any thread.
class Stream {
 public:
  /// Waits for a server as long as the options say. @return exit_usage if it does not let us in, and why
  [[nodiscard]] static Outcome<std::unique_ptr<Stream>> connect(const StreamOptions& options);
  virtual ~Stream() = default;

  /// Makes the stream unless it is there. @return exit_usage if it is there and may lose messages
  [[nodiscard]] virtual Outcome<void> make() = 0;

  /// Sequences of the stream: `last` counts messages that it has lost since, too.
  struct End {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t messages = 0;                      ///< that are there
    std::chrono::system_clock::time_point newest{};  ///< when the last one came
    std::uint64_t replicas_behind = 0;               ///< servers that should have it all, and are away or have not
    bool keeps_all = true;                           ///< as it is set up now
  };
  /// @return exit_usage if there is no such stream
  [[nodiscard]] virtual Outcome<End> end() = 0;

  /// nullopt: no message has this sequence (any more).
  [[nodiscard]] virtual Outcome<std::optional<Message>> get(std::uint64_t sequence) = 0;

  /// Whether a unit was stored, behind the sequence `expected` and nothing else.
  enum class Published : std::uint8_t { stored, refused, unknown };
  struct Answer {
    Published outcome = Published::unknown;
    std::uint64_t sequence = 0;
    std::string why{};
  };
  [[nodiscard]] virtual Answer publish(const Unit& unit, std::string_view body, std::uint64_t expected) = 0;

  /// Bytes of the longest message.
  [[nodiscard]] virtual std::uint64_t max_payload() const = 0;

  /// Whether what takes long should give up. Any thread.
  [[nodiscard]] virtual bool is_asked_to_end() const { return false; }

  /// How often the connection was lost and made again. Any thread.
  [[nodiscard]] virtual std::uint64_t reconnects() const { return 0; }

 protected:
  Stream() = default;
};

}  // namespace datawal::ship
