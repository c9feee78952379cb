#pragma once
// What the servers say, for people.

#include <nats/nats.h>

#include <string>

namespace datawal::ship {

/// One sentence: what it means, and the words of the client library.
[[nodiscard]] std::string explain(natsStatus status, jsErrCode code = {});

/// What no waiting mends.
[[nodiscard]] bool is_final(natsStatus status) noexcept;

}  // namespace datawal::ship
