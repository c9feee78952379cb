#include "ship/stream.hpp"

#include <fmt/format.h>
#include <nats/nats.h>

#include <thread>
#include <utility>

namespace datawal::ship {

namespace {

constexpr jsErrCode no_message_found = JSNoMessageFoundErr;
constexpr jsErrCode no_stream_found = JSStreamNotFoundErr;
constexpr jsErrCode wrong_last_sequence = JSStreamWrongLastSequenceErr;

template <class Thing, void (*destroy)(Thing*)>
struct Destroy {
  void operator()(Thing* thing) const noexcept { destroy(thing); }
};
using Options = std::unique_ptr<natsOptions, Destroy<natsOptions, natsOptions_Destroy>>;
using Connection = std::unique_ptr<natsConnection, Destroy<natsConnection, natsConnection_Destroy>>;
using Context = std::unique_ptr<jsCtx, Destroy<jsCtx, jsCtx_Destroy>>;
using Msg = std::unique_ptr<natsMsg, Destroy<natsMsg, natsMsg_Destroy>>;
using Info = std::unique_ptr<jsStreamInfo, Destroy<jsStreamInfo, jsStreamInfo_Destroy>>;
using Ack = std::unique_ptr<jsPubAck, Destroy<jsPubAck, jsPubAck_Destroy>>;

std::string why(natsStatus status, jsErrCode code = {}) {
  const char* more = nats_GetLastError(nullptr);
  std::string text = natsStatus_GetText(status);
  if (more != nullptr && *more != '\0') text += fmt::format(" ({})", more);
  if (code != 0) text += fmt::format(", JetStream error {}", static_cast<int>(code));
  return text;
}

// What no waiting mends.
bool is_final(natsStatus status) noexcept {
  return status == NATS_CONNECTION_AUTH_FAILED || status == NATS_NOT_PERMITTED || status == NATS_SSL_ERROR ||
         status == NATS_SECURE_CONNECTION_REQUIRED || status == NATS_SECURE_CONNECTION_WANTED ||
         status == NATS_INVALID_ARG || status == NATS_INVALID_SUBJECT || status == NATS_ADDRESS_MISSING;
}

// How long it has been tried.
class Patience {
 public:
  explicit Patience(const StreamOptions& options) : options_(options) {}

  /// Waits a little. @return false if it is time to give up
  [[nodiscard]] bool goes_on() const {
    const bool is_stopped = options_.stop != nullptr && options_.stop->load();
    const bool is_over = options_.patience.count() != 0 &&
                         std::chrono::steady_clock::now() - began_ >= options_.patience;
    if (is_stopped || is_over) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return true;
  }

 private:
  const StreamOptions& options_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

class NatsStream final : public Stream {
 public:
  NatsStream(StreamOptions options, Connection connection, Context context)
      : options_(std::move(options)),
        subject_("datawal." + options_.name),
        connection_(std::move(connection)),
        context_(std::move(context)) {}

  Outcome<void> make() override {
    const Patience patience(options_);
    for (;;) {
      jsStreamInfo* found = nullptr;
      jsErrCode code{};
      natsStatus status = js_GetStreamInfo(&found, context_.get(), options_.name.c_str(), nullptr, &code);
      const Info info(found);
      if (status == NATS_OK) return refuse_loss(*info);
      if (status == NATS_NOT_FOUND && code == no_stream_found) {
        status = add(code);
        if (status == NATS_OK) continue;
      }
      if (is_final(status) || !patience.goes_on()) {
        return fail(exit_usage, fmt::format("the stream {} cannot be made: {}", options_.name, why(status, code)));
      }
    }
  }

  Outcome<End> end() override {
    const Patience patience(options_);
    for (;;) {
      jsStreamInfo* found = nullptr;
      jsErrCode code{};
      const natsStatus status = js_GetStreamInfo(&found, context_.get(), options_.name.c_str(), nullptr, &code);
      const Info info(found);
      if (status == NATS_OK) return End{.first = info->State.FirstSeq, .last = info->State.LastSeq};
      if (status == NATS_NOT_FOUND && code == no_stream_found) {
        return fail(exit_usage, fmt::format("there is no stream {}: `datawal-ship run` makes it", options_.name));
      }
      if (is_final(status) || !patience.goes_on()) {
        return fail(exit_usage, fmt::format("the stream {} does not answer: {}", options_.name, why(status, code)));
      }
    }
  }

  Outcome<std::optional<Message>> get(std::uint64_t sequence) override {
    const Patience patience(options_);
    for (;;) {
      natsMsg* found = nullptr;
      jsErrCode code{};
      const natsStatus status = js_GetMsg(&found, context_.get(), options_.name.c_str(), sequence, nullptr, &code);
      const Msg message(found);
      if (status == NATS_OK) return ours(sequence, *message);
      if (status == NATS_NOT_FOUND && code == no_message_found) return std::optional<Message>();
      if (is_final(status) || !patience.goes_on()) {
        return fail(exit_usage, fmt::format("message {} of the stream {} cannot be read: {}", sequence, options_.name,
                                            why(status, code)));
      }
    }
  }

  Answer publish(const Unit& unit, std::string_view body, std::uint64_t expected) override {
    natsMsg* made = nullptr;
    natsStatus status = natsMsg_Create(&made, subject_.c_str(), nullptr, body.data(), static_cast<int>(body.size()));
    const Msg message(made);
    if (status == NATS_OK) status = natsMsgHeader_Set(made, unit_header, header_of(unit).c_str());
    // By hand: the option of the client takes 0 for "not asked for".
    if (status == NATS_OK)
      status = natsMsgHeader_Set(made, "Nats-Expected-Last-Sequence", std::to_string(expected).c_str());
    jsErrCode code{};
    jsPubAck* answered = nullptr;
    if (status == NATS_OK) {
      jsPubOptions how;
      jsPubOptions_Init(&how);
      how.MaxWait = options_.wait.count();
      status = js_PublishMsg(&answered, context_.get(), made, &how, &code);
    }
    const Ack ack(answered);
    if (status == NATS_OK) return {.outcome = Published::stored, .sequence = ack->Sequence};
    if (code == wrong_last_sequence) return {.outcome = Published::refused, .why = why(status, code)};
    return {.outcome = Published::unknown, .why = why(status, code)};
  }

  [[nodiscard]] std::uint64_t max_payload() const override {
    return static_cast<std::uint64_t>(natsConnection_GetMaxPayload(connection_.get()));
  }

 private:
  natsStatus add(jsErrCode& code) {
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    const char* subjects[] = {subject_.c_str()};
    config.Name = options_.name.c_str();
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Replicas = options_.replicas;
    config.Storage = js_FileStorage;
    config.DenyDelete = true;
    config.DenyPurge = true;
    return js_AddStream(nullptr, context_.get(), &config, nullptr, &code);
  }

  [[nodiscard]] Outcome<void> refuse_loss(const jsStreamInfo& info) const {
    const jsStreamConfig& config = *info.Config;
    const bool is_limited = config.MaxMsgs > 0 || config.MaxBytes > 0 || config.MaxAge > 0 ||
                            config.MaxMsgsPerSubject > 0;
    const bool is_kept = config.Retention == js_LimitsPolicy && config.Storage == js_FileStorage && !is_limited;
    const bool is_ours = config.SubjectsLen == 1 && subject_ == config.Subjects[0];
    if (is_kept && is_ours) return {};
    return fail(
        exit_usage,
        fmt::format("the stream {} is not one that keeps everything: file storage, no limits, the one subject {}",
                    options_.name, subject_));
  }

  [[nodiscard]] Outcome<std::optional<Message>> ours(std::uint64_t sequence, natsMsg& message) const {
    const char* header = nullptr;
    std::optional<Unit> unit;
    if (natsMsgHeader_Get(&message, unit_header, &header) == NATS_OK && header != nullptr) unit = parse_unit(header);
    if (!unit) {
      return fail(exit_stream_damaged,
                  fmt::format("message {} of the stream {} was not written by datawal-ship", sequence, options_.name));
    }
    return std::optional(Message{
        .sequence = sequence,
        .unit = std::move(*unit),
        .body = std::string(natsMsg_GetData(&message), static_cast<std::size_t>(natsMsg_GetDataLength(&message)))});
  }

  const StreamOptions options_;
  const std::string subject_;
  Connection connection_;
  Context context_;
};

natsStatus set_up_tls(natsOptions& options, const StreamOptions& with) {
  natsStatus status = NATS_OK;
  if (!with.tls_ca.empty()) {
    status = natsOptions_SetSecure(&options, true);
    if (status == NATS_OK) status = natsOptions_LoadCATrustedCertificates(&options, with.tls_ca.c_str());
  }
  if (status == NATS_OK && !with.tls_cert.empty()) {
    status = natsOptions_LoadCertificatesChain(&options, with.tls_cert.c_str(), with.tls_key.c_str());
  }
  return status;
}

natsStatus set_up(natsOptions& options, const StreamOptions& with) {
  const std::vector<std::string>& servers = with.servers;
  std::vector<const char*> urls;
  urls.reserve(servers.size());
  for (const std::string& server : servers) urls.push_back(server.c_str());
  natsStatus status = natsOptions_SetServers(&options, urls.data(), static_cast<int>(urls.size()));
  if (status == NATS_OK) status = natsOptions_SetName(&options, "datawal-ship");
  if (status == NATS_OK) status = natsOptions_SetMaxReconnect(&options, -1);
  if (status == NATS_OK) status = natsOptions_SetReconnectWait(&options, 50);
  if (status == NATS_OK) status = natsOptions_SetReconnectJitter(&options, 20, 20);
  // What is not known to have arrived is looked for in the stream, and sent again from there.
  if (status == NATS_OK) status = natsOptions_SetReconnectBufSize(&options, 0);
  if (status == NATS_OK) status = natsOptions_SetPingInterval(&options, 2000);
  return status == NATS_OK ? set_up_tls(options, with) : status;
}

}  // namespace

Outcome<std::unique_ptr<Stream>> Stream::connect(const StreamOptions& options) {
  natsOptions* made = nullptr;
  natsStatus status = natsOptions_Create(&made);
  const Options with(made);
  if (status == NATS_OK) status = set_up(*made, options);
  const Patience patience(options);
  natsConnection* connected = nullptr;
  while (status == NATS_OK) {
    status = natsConnection_Connect(&connected, made);
    if (status == NATS_OK || is_final(status) || !patience.goes_on()) break;
    status = NATS_OK;
  }
  Connection connection(connected);
  jsCtx* context = nullptr;
  if (status == NATS_OK) {
    jsOptions how;
    jsOptions_Init(&how);
    how.Wait = options.wait.count();
    status = natsConnection_JetStream(&context, connected, &how);
  }
  if (status != NATS_OK) {
    return fail(exit_usage, fmt::format("no server lets us in: {}", why(status)));
  }
  return std::make_unique<NatsStream>(options, std::move(connection), Context(context));
}

}  // namespace datawal::ship
