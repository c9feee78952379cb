#pragma once
// What is run in every schedule: small on purpose, one thing beside another. They find more than large ones with time.

#include <functional>
#include <string>
#include <vector>

namespace datawal::interleave {

struct Workload {
  std::string name;
  int bound = 2;                 ///< deviations that the usual run explores in full
  std::function<void()> body{};  ///< sets up, calls begin_exploring(), starts threads, looks at what came out
  bool all_sites = false;        ///< switches wherever anything is done: what is looked at shares nothing with the rest
};

[[nodiscard]] std::vector<Workload> index_workloads();
[[nodiscard]] std::vector<Workload> limited_workloads();
[[nodiscard]] std::vector<Workload> loading_workloads();
[[nodiscard]] std::vector<Workload> log_workloads();
[[nodiscard]] std::vector<Workload> reader_workloads();
[[nodiscard]] std::vector<Workload> saved_index_workloads();
[[nodiscard]] std::vector<Workload> saved_state_workloads();
[[nodiscard]] std::vector<Workload> kv_workloads();
[[nodiscard]] std::vector<Workload> writer_workloads();

[[nodiscard]] std::vector<Workload> all_workloads();

}  // namespace datawal::interleave
