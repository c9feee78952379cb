#include "crash/naive_scenario.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include <safeatomic/io.hpp>

#include "crash/notes.hpp"

namespace datawal::crash {

namespace {

using safeatomic::Directory;
using safeatomic::File;
using safeatomic::Result;

constexpr std::uint64_t record_bytes = 6000;
constexpr std::uint64_t records_max = 3;

/// The record in place `number`; comparing with it stands for a checksum.
std::string record(std::uint64_t number) { return payload_of(number, record_bytes); }

class NaiveScenario final : public Scenario {
 public:
  explicit NaiveScenario(Belief belief) : belief_(belief) {}

  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  [[nodiscard]] std::unique_ptr<Scenario> clone() const override { return std::make_unique<NaiveScenario>(*this); }
  void lose_power() override { kept_ = durable_; }
  [[nodiscard]] std::uint64_t notes_hash() const override { return mixed(kept_, durable_); }
  [[nodiscard]] int losses_max() const override { return 1; }

  void work(World& world) override {
    const std::unique_ptr<File> file = open(world);
    while (file && kept_ < records_max && append(*file, kept_ * record_bytes, world)) {
    }
  }

  void recover(World& world) override {
    const std::unique_ptr<File> file = open(world);
    if (!file) {
      if (durable_ != 0) world.violated(Invariant::acknowledged_is_there, "there is no log");
      return;
    }
    const std::uint64_t size = file->info().value_or(safeatomic::FileInfo()).size;
    if (belief_ == Belief::sizes_are_whole && size % record_bytes != 0) {
      world.violated(Invariant::open_succeeds, std::to_string(size) + " bytes are no number of records");
      return;
    }
    const std::uint64_t found = count(*file, size);
    if (found < durable_) world.violated(Invariant::acknowledged_is_there, std::to_string(found) + " records");
    if (found < kept_) world.violated(Invariant::kill_loses_nothing, std::to_string(found) + " records");
    const bool goes_behind = belief_ == Belief::kills_leave_whole && found == size / record_bytes;
    if (!goes_behind && !file->truncate(found * record_bytes)) return;
    // What was found may be in the cache alone, and called clean.
    for (std::uint64_t i = 0; i < found; ++i) (void)safeatomic::write_all(*file, i * record_bytes, record(i));
    kept_ = found;
    if (append(*file, goes_behind ? size : found * record_bytes, world) && count(*file, size + record_bytes) != kept_) {
      world.violated(Invariant::appends_go_on, "the next record cannot be read");
    }
  }

 private:
  static std::unique_ptr<File> open(World& world) {
    const Result<std::unique_ptr<Directory>> root = world.file_system.open_directory("/");
    if (!root) return nullptr;
    Result<std::unique_ptr<File>> file = (*root)->open_file("log", {.write = true, .create = true});
    return file && (*root)->sync() ? std::move(*file) : nullptr;
  }

  static bool is_there(File& file, std::uint64_t number) {
    std::string bytes(record_bytes, '\0');
    const Result<std::size_t> got = safeatomic::read_all(file, number * record_bytes, bytes);
    return got && *got == record_bytes && bytes == record(number);
  }

  static std::uint64_t count(File& file, std::uint64_t size) {
    std::uint64_t sound = 0;
    while (sound < size / record_bytes && is_there(file, sound)) ++sound;
    return sound;
  }

  bool append(File& file, std::uint64_t offset, World& world) {
    const std::string bytes = record(kept_);
    const std::string_view view = bytes;
    const bool is_written = belief_ == Belief::writes_are_whole ? file.write_at(offset, std::span(&view, 1)).has_value()
                                                                : safeatomic::write_all(file, offset, view).has_value();
    if (!is_written || world.is_dead) return false;
    bool is_synced = file.sync_data().has_value();
    if (belief_ == Belief::reading_back_proves) is_synced = is_synced || is_there(file, kept_);
    if (!is_synced || world.is_dead) return false;
    durable_ = ++kept_;
    return true;
  }

  std::string name_ = "plain_log";
  Belief belief_;
  std::uint64_t kept_ = 0;
  std::uint64_t durable_ = 0;
};

}  // namespace

std::unique_ptr<Scenario> make_naive_scenario(Belief belief) { return std::make_unique<NaiveScenario>(belief); }

}  // namespace datawal::crash
