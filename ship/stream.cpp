#include "ship/stream.hpp"

#include <fmt/format.h>
#include <nats/nats.h>

#include <utility>

#include "ship/connecting.hpp"
#include "ship/nats_errors.hpp"
#include "ship/nats_handles.hpp"

namespace datawal::ship {

namespace {

constexpr jsErrCode no_message_found = JSNoMessageFoundErr;
constexpr jsErrCode no_stream_found = JSStreamNotFoundErr;
constexpr jsErrCode wrong_last_sequence = JSStreamWrongLastSequenceErr;

// A stream that these servers, as they are set up, never make.
bool never_goes(jsErrCode code) noexcept {
  return code == JSStreamReplicasNotSupportedErr || code == JSNotEnabledErr || code == JSNotEnabledForAccountErr;
}

std::chrono::system_clock::time_point time_at(std::int64_t nanoseconds) {
  using Time = std::chrono::system_clock;
  return Time::time_point(std::chrono::duration_cast<Time::duration>(std::chrono::nanoseconds(nanoseconds)));
}

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
      status = told(status, "$JS.API.STREAM.INFO.");
      if (status == NATS_NOT_FOUND && code == no_stream_found) {
        status = told(add(code), "$JS.API.STREAM.CREATE.");
        if (status == NATS_OK) continue;
      }
      const std::string why = fmt::format("the stream {} cannot be made: {}", options_.name, explain(status, code));
      if (is_final(status) || never_goes(code) || !patience.goes_on(why)) return fail(exit_usage, why);
    }
  }

  Outcome<End> end() override {
    const Patience patience(options_);
    for (;;) {
      jsStreamInfo* found = nullptr;
      jsErrCode code{};
      const natsStatus status = told(js_GetStreamInfo(&found, context_.get(), options_.name.c_str(), nullptr, &code),
                                     "$JS.API.STREAM.INFO.");
      const Info info(found);
      if (status == NATS_OK) return end_of(*info);
      if (status == NATS_NOT_FOUND && code == no_stream_found) {
        return fail(exit_usage, fmt::format("there is no stream {}: `datawal-ship run` makes it", options_.name));
      }
      const std::string why = fmt::format("the stream {} does not answer: {}", options_.name, explain(status, code));
      if (is_final(status) || !patience.goes_on(why)) return fail(exit_usage, why);
    }
  }

  Outcome<std::optional<Message>> get(std::uint64_t sequence) override {
    const Patience patience(options_);
    for (;;) {
      natsMsg* found = nullptr;
      jsErrCode code{};
      const natsStatus status = told(js_GetMsg(&found, context_.get(), options_.name.c_str(), sequence, nullptr, &code),
                                     "$JS.API.STREAM.MSG.GET.");
      const Msg message(found);
      if (status == NATS_OK) return std::optional(read(sequence, *message));
      if (status == NATS_NOT_FOUND && code == no_message_found) return std::optional<Message>();
      const std::string why = fmt::format("message {} of the stream {} cannot be read: {}", sequence, options_.name,
                                          explain(status, code));
      if (is_final(status) || !patience.goes_on(why)) return fail(exit_usage, why);
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
      status = told(js_PublishMsg(&answered, context_.get(), made, &how, &code), subject_);
    }
    const Ack ack(answered);
    if (status == NATS_OK) return {.outcome = Published::stored, .sequence = ack->Sequence};
    if (code == wrong_last_sequence) return {.outcome = Published::refused, .why = explain(status, code)};
    return {.outcome = Published::unknown, .why = explain(status, code)};
  }

  [[nodiscard]] std::uint64_t max_payload() const override {
    return static_cast<std::uint64_t>(natsConnection_GetMaxPayload(connection_.get()));
  }

  [[nodiscard]] bool is_asked_to_end() const override { return options_.stop != nullptr && options_.stop->load(); }

  [[nodiscard]] std::uint64_t reconnects() const override {
    natsStatistics* made = nullptr;
    std::uint64_t count = 0;
    natsStatus status = natsStatistics_Create(&made);
    const Statistics statistics(made);
    if (status == NATS_OK) status = natsConnection_GetStats(connection_.get(), made);
    if (status == NATS_OK) {
      status = natsStatistics_GetCounts(made, nullptr, nullptr, nullptr, nullptr, &count);
    }
    return status == NATS_OK ? count : 0;
  }

 private:
  // What is not permitted is not answered: the servers say so beside it.
  [[nodiscard]] natsStatus told(natsStatus status, std::string_view subject) const {
    if (status != NATS_TIMEOUT) return status;
    const char* last = nullptr;
    if (natsConnection_GetLastError(connection_.get(), &last) != NATS_NOT_PERMITTED || last == nullptr) return status;
    const std::string_view said = last;
    const bool is_about_it = said.find(subject) != std::string_view::npos ||
                             said.find("_INBOX") != std::string_view::npos;
    return is_about_it ? NATS_NOT_PERMITTED : status;
  }

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

  // Each unit, for ever, and says so.
  [[nodiscard]] bool keeps_all(const jsStreamConfig& config) const {
    const bool is_limited = config.MaxMsgs > 0 || config.MaxBytes > 0 || config.MaxAge > 0 ||
                            config.MaxMsgsPerSubject > 0;
    const bool is_kept = config.Retention == js_LimitsPolicy && config.Storage == js_FileStorage && !is_limited;
    return is_kept && !config.NoAck && config.SubjectsLen == 1 && subject_ == config.Subjects[0];
  }

  [[nodiscard]] Outcome<void> refuse_loss(const jsStreamInfo& info) const {
    if (keeps_all(*info.Config)) return {};
    return fail(exit_usage, fmt::format("the stream {} is not one that keeps everything: file storage, no limits, "
                                        "acknowledged, the one subject {}",
                                        options_.name, subject_));
  }

  [[nodiscard]] End end_of(const jsStreamInfo& info) const {
    const jsStreamState& state = info.State;
    End end{.first = state.FirstSeq,
            .last = state.LastSeq,
            .messages = state.Msgs,
            .newest = time_at(state.LastTime),
            .keeps_all = keeps_all(*info.Config)};
    const jsClusterInfo* const cluster = info.Cluster;
    for (int n = 0; cluster != nullptr && n < cluster->ReplicasLen; ++n) {
      const jsPeerInfo& peer = *cluster->Replicas[n];
      if (!peer.Current || peer.Offline || peer.Lag != 0) ++end.replicas_behind;
    }
    return end;
  }

  static Message read(std::uint64_t sequence, natsMsg& message) {
    const char* header = nullptr;
    Message read{
        .sequence = sequence,
        .body = std::string(natsMsg_GetData(&message), static_cast<std::size_t>(natsMsg_GetDataLength(&message))),
        .stored = time_at(natsMsg_GetTime(&message))};
    if (natsMsgHeader_Get(&message, unit_header, &header) == NATS_OK && header != nullptr) {
      read.unit = parse_unit(header);
      read.is_newer = is_newer_unit(header);
    }
    return read;
  }

  const StreamOptions options_;
  const std::string subject_;
  Connection connection_;
  Context context_;
};

}  // namespace

Outcome<std::unique_ptr<Stream>> Stream::connect(const StreamOptions& options) {
  Outcome<Connection> connection = connect_to_servers(options);
  if (!connection) return pass_on(connection);
  jsOptions how;
  jsOptions_Init(&how);
  how.Wait = options.wait.count();
  jsCtx* context = nullptr;
  const natsStatus status = natsConnection_JetStream(&context, connection->get(), &how);
  if (status != NATS_OK) return fail(exit_usage, explain(status));
  return std::make_unique<NatsStream>(options, std::move(*connection), Context(context));
}

}  // namespace datawal::ship
