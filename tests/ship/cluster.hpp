#pragma once
// Three servers on loopback that are one cluster.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ship/server.hpp"

namespace datawal::ship::test {

inline std::vector<std::unique_ptr<Server>> start_cluster(const std::filesystem::path& folder) {
  std::vector<int> ports;
  std::string routes;
  for (int n = 0; n < 3; ++n) {
    ports.push_back(free_port());
    routes += (routes.empty() ? "" : ", ") + std::string("nats://127.0.0.1:") + std::to_string(ports.back());
  }
  std::vector<std::unique_ptr<Server>> servers;
  for (std::size_t n = 0; n < ports.size(); ++n) {
    // Clients know of no servers but those that they are told.
    const std::string cluster = "cluster { name: ship, no_advertise: true, listen: 127.0.0.1:" +
                                std::to_string(ports[n]) + ", routes: [ " + routes + " ] }\n";
    servers.push_back(
        std::make_unique<Server>(folder / ("server" + std::to_string(n)), cluster, "s" + std::to_string(n)));
  }
  return servers;
}

}  // namespace datawal::ship::test
