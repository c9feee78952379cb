// Oracle: a watermark decodes exactly where the reference decodes it, encodes to the same bytes, and beside a store of three
// records it makes `verify` and `open` come to what the table of docs/DURABILITY.md says.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <datawal/record_log.hpp>
#include <datawal/verify.hpp>

#include "format/watermark.hpp"
#include "support/oracle.hpp"
#include "support/recipe.hpp"
#include "support/reference_recovery.hpp"
#include "support/scratch.hpp"

namespace datawal::fuzz {
namespace {

void compare_codec(std::string_view bytes) {
  const std::optional<format::Watermark> got = format::decode_watermark(bytes);
  const std::optional<ReferenceWatermark> want = reference_watermark(bytes);
  require(got.has_value() == want.has_value(), "it is a watermark exactly where the reference says so");
  if (!got) return;
  require(ReferenceWatermark(got->segment, got->inode, got->offset, got->txid) == *want,
          "it says what the reference reads");
  const auto again = format::encode_watermark(*got);
  require(std::string_view(again.data(), again.size()) == bytes, "encoding gives the same bytes");
}

// Three records in two segments, the watermark beside them.
std::string recipe_of_store() {
  std::string steps;
  const auto step = [&steps](Step kind, std::string_view arguments) {
    steps += static_cast<char>(kind);
    steps += arguments;
  };
  step(Step::file, std::string_view("\0", 1));
  step(Step::frame, "\x01\x03\x09k");
  step(Step::file, "\x01");
  step(Step::frame, "\x01\x03\x12v");
  step(Step::frame, std::string_view("\x02\x03\x00x", 4));
  return steps;
}

void compare_verdict(const Recipe& wanted) {
  clear_scratch();
  const std::filesystem::path store = scratch() / "store";
  Recipe recipe = read_recipe(recipe_of_store());
  recipe.watermarks = wanted.watermarks;
  for (const RecipeFile& file : wanted.files) {
    if (file.name != ".watermark") continue;
    recipe.files.push_back(file);
    recipe.files.back().linked_to = recipe.files.front().name;  // what a hard link named may not be in this store
  }
  write_recipe(recipe, store);
  const Prediction prediction = predict(image_of(store), store);
  const Result<VerifyReport> verified = verify(store);
  require_ok(verified, "any store can be verified");
  require(verified->damage.has_value() == (prediction.outcome != Outcome::opens), "verify sees what the table says");
  Result<RecordLog> log = RecordLog::open(store);
  require(log.has_value() == (prediction.outcome == Outcome::opens), "open does what the table says");
  if (!log) {
    require(log.error().code == Errc::corruption, "a broken promise is corruption");
    return;
  }
  require(log->last_txid() == prediction.last_txid, "the txids go on behind what the watermark has seen");
}

}  // namespace
}  // namespace datawal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT(*-naming): libFuzzer's
  using namespace datawal::fuzz;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  compare_codec(bytes);
  const Recipe recipe = read_recipe(bytes);
  for (const RecipeFile& file : recipe.files) compare_codec(file.bytes);
  compare_verdict(recipe);
  return 0;
}
