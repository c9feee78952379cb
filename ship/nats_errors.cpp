#include "ship/nats_errors.hpp"

#include <fmt/format.h>

#include <string_view>

namespace datawal::ship {

namespace {

std::string_view meaning_of(natsStatus status) noexcept {
  switch (status) {
    case NATS_CONNECTION_AUTH_FAILED: return "the servers do not accept the user, password, key or credentials";
    case NATS_NOT_PERMITTED: return "the servers do not permit it to this user";
    case NATS_SECURE_CONNECTION_REQUIRED: return "the servers speak TLS only: give --tls-ca";
    case NATS_SECURE_CONNECTION_WANTED: return "the servers do not speak TLS, which --tls-ca asks for";
    case NATS_SSL_ERROR:
      return "TLS: a certificate is not accepted, the servers' (--tls-ca says who signs them) or ours";
    case NATS_NO_SERVER: return "no server is there";
    case NATS_INSUFFICIENT_BUFFER: return "the connection is lost, and no server is there yet";
    case NATS_MAX_PAYLOAD: return "the servers take no message as long as this any more: choose a smaller --unit";
    case NATS_TIMEOUT: return "no answer in time: the servers have no quorum, stand still, or are cut off";
    case NATS_NO_RESPONDERS: return "no server of JetStream answers: it is not enabled there, or has no leader now";
    default: return {};
  }
}

std::string_view meaning_of(jsErrCode code) noexcept {
  switch (code) {
    case JSAccountResourcesExceededErr:
    case JSInsufficientResourcesErr:
    case JSStorageResourcesExceededErr:
    case JSStreamStoreFailedErr:
    case JSMaximumStreamsLimitErr: return "the stream, the account or the servers' disks are at their limit";
    case JSStreamMessageExceedsMaximumErr:
      return "the stream takes no message as long as this: choose a smaller --unit";
    case JSStreamSealedErr: return "the stream is sealed";
    case JSNotEnabledErr:
    case JSNotEnabledForAccountErr: return "JetStream is not enabled there, or not for this user";
    case JSStreamReplicasNotSupportedErr: return "a single server keeps one replica: say --replicas 1";
    case JSClusterNoPeersErr: return "there are fewer servers than --replicas";
    default: return {};
  }
}

}  // namespace

std::string explain(natsStatus status, jsErrCode code) {
  const std::string_view by_code = meaning_of(code);
  const std::string_view meaning = by_code.empty() ? meaning_of(status) : by_code;
  const char* const more = nats_GetLastError(nullptr);
  std::string said = natsStatus_GetText(status);
  if (more != nullptr && *more != '\0') said += fmt::format(", {}", more);
  if (code != 0) said += fmt::format(", JetStream error {}", static_cast<int>(code));
  return meaning.empty() ? said : fmt::format("{} ({})", meaning, said);
}

bool is_final(natsStatus status) noexcept {
  switch (status) {
    case NATS_CONNECTION_AUTH_FAILED:
    case NATS_NOT_PERMITTED:
    case NATS_SSL_ERROR:
    case NATS_SECURE_CONNECTION_REQUIRED:
    case NATS_SECURE_CONNECTION_WANTED:
    case NATS_INVALID_ARG:
    case NATS_INVALID_SUBJECT:
    case NATS_ADDRESS_MISSING:
    case NATS_CONNECTION_CLOSED:  // the client library gives up for good, when it is let in no more
      return true;
    default: return false;
  }
}

}  // namespace datawal::ship
