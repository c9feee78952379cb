// The codec alone, in cache: where the checksum's crossover lies, and what a frame costs beside its checksum.

#include <cstdint>
#include <cstring>
#include <random>
#include <string>

#include <benchmark/benchmark.h>

#include <datawal/format.hpp>
#include "format/crc32c.hpp"
#include "format/frame.hpp"

namespace {

namespace format = datawal::format;

std::string random_bytes(std::size_t size) {
  std::mt19937_64 random(1);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// The bytes of as many frames as fit into 1 MiB, 16 bytes of key each.
struct Frames {
  std::string bytes;
  std::int64_t count = 0;

  explicit Frames(std::size_t payload_len) {
    const std::string key = random_bytes(16);
    const std::string payload = random_bytes(payload_len);
    const auto len = static_cast<std::size_t>(format::frame_len(key.size(), payload.size()));
    bytes.resize((std::size_t{1} << 20) / len * len);
    for (std::size_t at = 0; at < bytes.size(); at += len) {
      std::ignore = format::encode(datawal::RecordType::Put, static_cast<std::uint64_t>(++count), key, payload,
                                   std::span(bytes).subspan(at));
    }
  }
};

// Independent calls over 16 KiB, as a scan makes them: each starts from 0.
template <auto checksum>
void crc(benchmark::State& state) {
  const std::string bytes = random_bytes((16 << 10) + 4096);
  const auto size = static_cast<std::size_t>(state.range(0));
  std::size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(checksum({bytes.data() + at, size}, 0));
    at = (at + 61) & 0x3FFF;
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void crc_instruction(benchmark::State& state) {
  if (!format::detail::has_crc32c_instruction()) return state.SkipWithError("no such instruction here");
  crc<format::detail::crc32c_instruction>(state);
}

void lengths(benchmark::internal::Benchmark* bench) {
  for (const int size : {24, 64, 88, 140, 160, 192, 208, 256, 320, 384, 448, 512, 1024, 4096}) bench->Arg(size);
}

BENCHMARK(crc<format::crc32c>)->Name("crc32c")->Apply(lengths);
BENCHMARK(crc_instruction)->Name("crc32c/instruction")->Apply(lengths);
BENCHMARK(crc<format::detail::crc32c_isal>)->Name("crc32c/isal")->Apply(lengths);
BENCHMARK(crc<format::detail::crc32c_portable>)->Name("crc32c/portable")->Arg(88)->Arg(4096);

void decode(benchmark::State& state) {
  const Frames frames(static_cast<std::size_t>(state.range(0)));
  std::uint64_t sum = 0;
  for (auto _ : state) {
    std::string_view rest = frames.bytes;
    while (const format::DecodeOutcome outcome = format::decode_next(rest)) {
      sum += outcome.record.txid + outcome.record.payload.size();
      rest.remove_prefix(outcome.record.len);
    }
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * frames.count);
}
BENCHMARK(decode)->Name("decode_next/payload")->Arg(0)->Arg(64)->Arg(100)->Arg(1024);

void decode_inline(benchmark::State& state) {
  const Frames frames(static_cast<std::size_t>(state.range(0)));
  std::uint64_t sum = 0;
  for (auto _ : state) {
    std::string_view rest = frames.bytes;
    format::DecodedRecord record;
    while (format::decode_whole(rest, record)) {
      sum += record.txid + record.payload.size();
      rest.remove_prefix(record.len);
    }
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * frames.count);
}
BENCHMARK(decode_inline)->Name("decode_whole/payload")->Arg(0)->Arg(64)->Arg(100)->Arg(1024);

// The floor: the same checksums over the same bytes, and nothing else.
void decode_floor(benchmark::State& state) {
  const Frames frames(static_cast<std::size_t>(state.range(0)));
  const std::size_t len = frames.bytes.size() / static_cast<std::size_t>(frames.count);
  std::uint32_t sum = 0;
  for (auto _ : state) {
    for (std::size_t at = 0; at < frames.bytes.size(); at += len) {
      sum ^= format::crc32c({frames.bytes.data() + at, len - format::crc_len});
    }
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * frames.count);
}
BENCHMARK(decode_floor)->Name("decode_floor/payload")->Arg(0)->Arg(64)->Arg(100)->Arg(1024);

void encode(benchmark::State& state) {
  const std::string key = random_bytes(16);
  const std::string payload = random_bytes(static_cast<std::size_t>(state.range(0)));
  std::string out(static_cast<std::size_t>(format::frame_len(key.size(), payload.size())), '\0');
  std::uint64_t txid = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(format::encode(datawal::RecordType::Put, ++txid, key, payload, out));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(encode)->Name("encode/payload")->Arg(0)->Arg(64)->Arg(100)->Arg(1024);

}  // namespace
