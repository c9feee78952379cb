#include "ship/connecting.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include "ship/nats_errors.hpp"
#include "ship/nkey.hpp"

namespace datawal::ship {

namespace {

// The client library says "error" alone where a file is not there.
Outcome<std::string> secret(const char* option, const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  const bool is_empty = file.is_open() && file.peek() == std::ifstream::traits_type::eof() && !file.bad();
  if (is_empty || text << file.rdbuf()) return std::move(text).str();
  return fail(exit_usage,
              fmt::format("{} {} cannot be read: {}", option, path, std::generic_category().message(errno)));
}

Outcome<void> accepted(natsStatus status, const char* option, const std::string& path) {
  if (status == NATS_OK) return {};
  return fail(exit_usage, fmt::format("{} {}: {}", option, path, explain(status)));
}

Outcome<void> set_up_tls(natsOptions& options, const StreamOptions& with) {
  if (!with.tls_ca.empty()) {
    if (const Outcome<std::string> read = secret("--tls-ca", with.tls_ca); !read) return pass_on(read);
    natsStatus status = natsOptions_SetSecure(&options, true);
    if (status == NATS_OK) status = natsOptions_LoadCATrustedCertificates(&options, with.tls_ca.c_str());
    if (Outcome<void> done = accepted(status, "--tls-ca", with.tls_ca); !done) return done;
  }
  if (with.tls_cert.empty()) return {};
  if (const Outcome<std::string> read = secret("--tls-cert", with.tls_cert); !read) return pass_on(read);
  if (const Outcome<std::string> read = secret("--tls-key", with.tls_key); !read) return pass_on(read);
  return accepted(natsOptions_LoadCertificatesChain(&options, with.tls_cert.c_str(), with.tls_key.c_str()),
                  "--tls-cert", with.tls_cert);
}

Outcome<void> set_up_keys(natsOptions& options, const StreamOptions& with) {
  if (!with.creds.empty()) {
    if (const Outcome<std::string> read = secret("--creds", with.creds); !read) return pass_on(read);
    return accepted(natsOptions_SetUserCredentialsFromFiles(&options, with.creds.c_str(), nullptr), "--creds",
                    with.creds);
  }
  if (with.nkey.empty()) return {};
  const Outcome<std::string> text = secret("--nkey", with.nkey);
  if (!text) return pass_on(text);
  const std::optional<std::string> seed = seed_in(*text);
  if (!seed) return fail(exit_usage, fmt::format("--nkey {}: there is no seed of a user (SU...) in it", with.nkey));
  return accepted(natsOptions_SetNKeyFromSeed(&options, user_key_of(*seed)->c_str(), with.nkey.c_str()), "--nkey",
                  with.nkey);
}

natsStatus set_up_servers(natsOptions& options, const std::vector<std::string>& servers) {
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
  return status;
}

}  // namespace

bool Patience::goes_on(const std::string& why) const {
  const bool is_stopped = options_.stop != nullptr && options_.stop->load();
  const bool is_over = options_.patience.count() != 0 && std::chrono::steady_clock::now() - began_ >= options_.patience;
  if (is_stopped || is_over) return false;
  if (options_.on_trouble) options_.on_trouble(why);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  return true;
}

Outcome<Connection> connect_to_servers(const StreamOptions& options) {
  natsOptions* made = nullptr;
  natsStatus status = natsOptions_Create(&made);
  const Options with(made);
  if (status == NATS_OK) status = set_up_servers(*made, options.servers);
  if (status != NATS_OK) return fail(exit_usage, fmt::format("--server: {}", explain(status)));
  if (Outcome<void> done = set_up_tls(*made, options); !done) return pass_on(done);
  if (Outcome<void> done = set_up_keys(*made, options); !done) return pass_on(done);
  const Patience patience(options);
  for (;;) {
    natsConnection* connected = nullptr;
    status = natsConnection_Connect(&connected, made);
    if (status == NATS_OK) return Connection(connected);
    const std::string why = fmt::format("no server lets us in: {}", explain(status));
    if (is_final(status) || !patience.goes_on(why)) return fail(exit_usage, why);
  }
}

}  // namespace datawal::ship
