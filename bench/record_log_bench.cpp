// The record log beside its floors: what the operating system alone needs for the same bytes.

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>
#include <datawal/datawal.hpp>

#include "scratch.hpp"

namespace {

using datawal::RecordLog;

constexpr std::int64_t records_in_scan = 1'000'000;
constexpr std::uint64_t bytes_before_restart = 1ULL << 30;  // files of the write benchmarks do not grow without bound

std::string frame_of(std::size_t payload_len) {
  const std::string payload(payload_len, 'x');
  std::string frame(datawal::format::frame_len(0, payload_len), '\0');
  (void)datawal::format::encode(datawal::RecordType::Raw, 1, {}, payload, frame);
  return frame;
}

// Floor of append: the same frame by write(2), nothing else.
void bare_write(benchmark::State& state) {
  const bench::Scratch scratch;
  const std::string frame = frame_of(static_cast<std::size_t>(state.range(0)));
  const int fd = open((scratch.path() / "file").c_str(), O_WRONLY | O_CREAT, 0600);
  std::uint64_t written = 0;
  for (auto _ : state) {
    if (write(fd, frame.data(), frame.size()) < 0) state.SkipWithError("write failed");
    written += frame.size();
    if (written > bytes_before_restart) {
      state.PauseTiming();
      written = 0;
      if (lseek(fd, 0, SEEK_SET) != 0 || ftruncate(fd, 0) != 0) state.SkipWithError("truncate failed");
      state.ResumeTiming();
    }
  }
  close(fd);
}
BENCHMARK(bare_write)->Arg(64)->Arg(1024)->Arg(64 * 1024);

void append(benchmark::State& state) {
  const bench::Scratch scratch;
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  const datawal::OpenOptions options{.max_segment_bytes = 0, .write_path = datawal::WritePath::append};
  auto log = RecordLog::open(scratch.path() / "log", options);
  std::uint64_t written = 0;
  for (auto _ : state) {
    auto ref = log->append(payload);
    if (!ref) state.SkipWithError(ref.error().message().c_str());
    written += payload.size();
    if (written > bytes_before_restart) {
      state.PauseTiming();
      written = 0;
      (void)log->close();
      std::filesystem::remove_all(scratch.path() / "log");
      log = RecordLog::open(scratch.path() / "log", options);
      state.ResumeTiming();
    }
  }
}
BENCHMARK(append)->Arg(64)->Arg(1024)->Arg(64 * 1024);

// Floor of a synced append: write(2) and fdatasync(2).
void bare_write_and_sync(benchmark::State& state) {
  const bench::Scratch scratch;
  const std::string frame = frame_of(64);
  const int fd = open((scratch.path() / "file").c_str(), O_WRONLY | O_CREAT, 0600);
  for (auto _ : state) {
    if (write(fd, frame.data(), frame.size()) < 0 || fdatasync(fd) != 0) state.SkipWithError("write failed");
  }
  close(fd);
}
BENCHMARK(bare_write_and_sync)->UseRealTime()->Unit(benchmark::kMicrosecond);

void append_and_fsync(benchmark::State& state) {
  const bench::Scratch scratch;
  const std::string payload(64, 'x');
  auto log = RecordLog::open(scratch.path() / "log", {.write_path = datawal::WritePath::append});
  for (auto _ : state) {
    if (!log->append(payload) || !log->fsync()) state.SkipWithError("append failed");
  }
}
BENCHMARK(append_and_fsync)->UseRealTime()->Unit(benchmark::kMicrosecond);

// One million records of 16 + 100 bytes, made once and read warm.
const std::filesystem::path& scan_store() {
  static const bench::Scratch scratch;
  static const bool made = [] {
    auto log = RecordLog::open(scratch.path() / "log");
    const std::string payload(100, 'v');
    for (std::int64_t i = 0; i < records_in_scan; ++i) {
      std::string key = std::to_string(i);
      key.insert(0, 16 - key.size(), '0');
      if (!log->append_record(datawal::RecordType::Put, key, payload)) return false;
    }
    return log->close().has_value();
  }();
  static const std::filesystem::path path = scratch.path() / "log";
  if (!made) std::abort();
  return path;
}

// Floor of a scan: the file in blocks of 256 KiB into one buffer.
void bare_read(benchmark::State& state) {
  const std::filesystem::path file = datawal::segment::path(scan_store(), 1);
  constexpr std::size_t block = 256 * 1024;
  const auto buffer = std::make_unique<char[]>(block);
  for (auto _ : state) {
    const int fd = open(file.c_str(), O_RDONLY);
    while (read(fd, buffer.get(), block) > 0) benchmark::ClobberMemory();
    close(fd);
  }
  state.SetItemsProcessed(state.iterations() * records_in_scan);
}
BENCHMARK(bare_read)->Unit(benchmark::kMillisecond);

void scan(benchmark::State& state) {
  const std::filesystem::path& store = scan_store();
  for (auto _ : state) {
    auto reader = datawal::RecordLogReader::open(store);
    datawal::RecordCursor cursor = reader->records();
    std::int64_t count = 0;
    for (;;) {
      auto record = cursor.next();
      if (!record || !*record) break;
      benchmark::DoNotOptimize((*record)->payload.data());
      ++count;
    }
    if (count != records_in_scan) state.SkipWithError("records are missing");
  }
  state.SetItemsProcessed(state.iterations() * records_in_scan);
}
BENCHMARK(scan)->Unit(benchmark::kMillisecond);

// After a clean close: one read of the log, nothing rewritten.
void open_log(benchmark::State& state) {
  const std::filesystem::path& store = scan_store();
  for (auto _ : state) {
    auto log = RecordLog::open(store);
    if (!log || log->last_txid() != records_in_scan) state.SkipWithError("records are missing");
  }
  state.SetItemsProcessed(state.iterations() * records_in_scan);
}
BENCHMARK(open_log)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
