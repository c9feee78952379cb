#include "interleave/workloads/workload.hpp"

#include <iterator>

namespace datawal::interleave {

std::vector<Workload> all_workloads() {
  std::vector<Workload> all;
  for (std::vector<Workload> some :
       {log_workloads(), reader_workloads(), index_workloads(), loading_workloads(), limited_workloads(),
        kv_workloads(), saved_index_workloads(), saved_state_workloads(), writer_workloads()}) {
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace datawal::interleave
