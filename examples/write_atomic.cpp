// A file that is the old one or the new one, whatever happens: safeatomic/README.md.
#include <iostream>
#include <safeatomic/safeatomic.hpp>

int main() {
  if (auto done = safeatomic::write_atomic("state.json", "{\"step\": 7}\n"); !done) {
    std::cerr << done.error().message() << '\n';
    return 1;
  }
}
