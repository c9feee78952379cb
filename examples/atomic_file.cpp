// A file written in pieces, as shown in safeatomic/README.md.
#include <iostream>
#include <string>

#include <safeatomic/atomic_file.hpp>

int main() {
  auto file = safeatomic::AtomicFile::open("squares.txt");
  for (int i = 1; file && i <= 1000; ++i) {
    if (auto done = file->write(std::to_string(i * i) + "\n"); !done) file = std::unexpected(done.error());
  }
  auto done = file ? file->commit() : safeatomic::propagate(file);  // not committed: discarded
  if (!done) std::cerr << done.error().message() << '\n';
  return done ? 0 : 1;
}
