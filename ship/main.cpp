// datawal-ship: a store into NATS JetStream, exactly once, and back.

#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "ship/outcome.hpp"
#include "ship/program.hpp"

int main(int argc, char** argv) {
  try {
    return datawal::ship::run_program(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "datawal-ship: {}\n", error.what());
    return datawal::ship::exit_local;
  }
}
