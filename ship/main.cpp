// datawal-ship: a store into NATS JetStream, exactly once, and back.

#include <fmt/format.h>

#include <exception>

#include "ship/outcome.hpp"
#include "ship/program.hpp"
#include "ship/standard.hpp"

int main(int argc, char** argv) {
  datawal::ship::settle_standard_descriptors();
  try {
    return datawal::ship::run_program(argc, argv);
  } catch (const std::exception& error) {
    datawal::ship::tell(fmt::format("datawal-ship: {}\n", error.what()));
    return datawal::ship::exit_local;
  }
}
