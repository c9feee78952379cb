#include "crash/followers.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <datawal/follower.hpp>
#include <datawal/format.hpp>
#include <datawal/segment.hpp>
#include <safeatomic/directories.hpp>
#include <safeatomic/safeatomic.hpp>

#include "log/handle/follower_cursor.hpp"

namespace datawal::crash {

namespace {

const std::filesystem::path cursor_file = "/elsewhere/cursor";
// Made before: both machines count their directories from the same number, and none of the one's may have a store's of the other.
const std::filesystem::path numbers_taken = "/1/2/3/4/5/6/7/8";

/// What lies in /elsewhere is on another machine.
class TwoMachines final : public safeatomic::FileSystem {
 public:
  explicit TwoMachines(safeatomic::FileSystem& here) : here_(here) {}
  [[nodiscard]] safeatomic::Result<std::unique_ptr<safeatomic::Directory>> open_directory(
      const std::filesystem::path& path) override {
    return path == cursor_file.parent_path() ? elsewhere.open_directory(path) : here_.open_directory(path);
  }
  [[nodiscard]] safeatomic::Result<std::uint64_t> random() override { return elsewhere.random(); }

  safeatomic::sim::SimFileSystem elsewhere;

 private:
  safeatomic::FileSystem& here_;
};

/// The position as somebody would have it who does not look at checksums.
std::string without_checksum(const std::string& text, const std::string& directory, const World& world) {
  std::optional<log::FollowerCursor> cursor = log::decode_follower_cursor(text);
  if (!cursor || !cursor->last) return text;
  RecordRef& last = *cursor->last;
  const std::string bytes = world.machine.peek(segment::path(directory, last.segment)).value_or("");
  if (last.offset < bytes.size()) {
    const format::DecodeOutcome there = format::decode_next(std::string_view(bytes).substr(last.offset));
    if (there && there.record.txid == last.txid && there.record.len == last.len) last.crc = there.record.crc;
  }
  return log::encode_follower_cursor({.last = last, .base = last});
}

}  // namespace

void Followers::look(const std::string& directory, World& world) {
  for (Account& account : accounts_) {
    Account looking = account;  // the power may fail meanwhile: what was told and where it is noted go together
    look(looking, directory, world);
    account = std::move(looking);
  }
}

void Followers::look(Account& account, const std::string& directory, World& world) const {
  TwoMachines machines(world.file_system);
  if (!safeatomic::make_directories(machines.elsewhere, numbers_taken, 0700)) return;
  if (!safeatomic::make_directories(machines.elsewhere, cursor_file.parent_path(), 0700)) return;
  if (!account.cursor.empty()) {
    const std::string text = bug_ == FollowerBug::knows_by_place_alone
                                 ? without_checksum(account.cursor, directory, world)
                                 : account.cursor;
    (void)safeatomic::write_atomic(cursor_file, text, {.file_system = &machines});
  }
  const bool sees_all = !account.only_durable || bug_ == FollowerBug::takes_all_for_durable;
  Result<Follower> follower = Follower::open(
      directory, {.only_durable = !sees_all, .cursor_file = cursor_file, .file_system = &machines});
  if (!follower) {
    const bool may_be = world.is_faulty || world.is_dead || follower.error().code == Errc::not_found;
    if (!may_be) world.violated(Invariant::reader_agrees, "a follower: " + follower.error().message());
    return;  // the directory may be lost
  }
  for (;;) {
    const Result<std::optional<RecordView>> next = follower->next();
    if (!next && next.error().code == Errc::place_lost) {
      const LostRecords& lost = follower->lost();
      if (account.only_durable) world.violated(Invariant::told_stays_true, next.error().message());
      for (std::uint64_t txid = lost.first_txid; txid <= lost.last_txid; ++txid) account.told.erase(txid);
      continue;
    }
    if (!next && !world.is_faulty && !world.is_dead) {
      world.violated(Invariant::reader_agrees, "a follower: " + next.error().message());
    }
    if (!next || !*next) break;
    const RecordView& record = **next;
    const std::uint64_t expected = account.told.empty() ? 1 : account.told.rbegin()->first + 1;
    if (record.txid != expected) {
      world.violated(Invariant::told_stays_true, "a follower was told txid " + std::to_string(record.txid) +
                                                     " instead of " + std::to_string(expected));
    }
    account.told[record.txid] = {record.type, std::string(record.key), std::string(record.payload)};
  }
  (void)follower->save();
  account.cursor = machines.elsewhere.peek(cursor_file).value_or(account.cursor);
}

void Followers::compare(const std::vector<Record>& records, World& world) const {
  for (const auto& [txid, given] : accounts_.front().told) {
    const bool is_there = txid <= records.size() && records[txid - 1].txid == txid &&
                          given == Given{records[txid - 1].type, records[txid - 1].key, records[txid - 1].payload};
    if (is_there) continue;
    world.violated(Invariant::told_stays_true,
                   "a follower of what is durable was told txid " + std::to_string(txid) + ", which is not there");
    return;
  }
}

void Followers::compare_whole(const std::vector<Record>& records, std::size_t durable, World& world) const {
  compare(records, world);
  if (accounts_.front().told.size() < durable) {
    world.violated(Invariant::told_stays_true, "a follower of what is durable was told " +
                                                   std::to_string(accounts_.front().told.size()) + " of " +
                                                   std::to_string(durable));
  }
  const std::map<std::uint64_t, Given>& told = accounts_.back().told;
  bool is_same = told.size() == records.size();
  for (const Record& record : records) {
    const auto found = told.find(record.txid);
    is_same = is_same && found != told.end() && found->second == Given{record.type, record.key, record.payload};
  }
  if (!is_same) {
    world.violated(Invariant::told_stays_true, std::to_string(told.size()) +
                                                   " records told to a follower and not taken back are not the " +
                                                   std::to_string(records.size()) + " of the log");
  }
}

std::uint64_t Followers::hash() const noexcept {
  std::uint64_t hash = 0;
  for (const Account& account : accounts_) {
    hash = mixed(mixed(hash, account.told.size()), std::hash<std::string>()(account.cursor));
  }
  return hash;
}

}  // namespace datawal::crash
