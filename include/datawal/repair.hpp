#pragma once
// The explicit ways out of damage. Neither deletes a byte.

#include <cstdint>
#include <filesystem>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/options.hpp>

namespace datawal {

enum class RepairAction : std::uint8_t {
  none,  ///< the store was sound: it was synced, and nothing changed
  cut,   ///< cut at the first damage or tear; everything after it was quarantined
};

/// A range of txids, both ends included.
struct TxidRange {
  std::uint64_t first = 0;  ///< the lowest; 0: there are none
  std::uint64_t last = 0;   ///< the highest
};

/// What repair() did.
struct RepairReport {
  RepairAction action = RepairAction::none;  ///< what was changed, if anything
  std::uint32_t segment = 0;                 ///< where it was cut; 0 if it was not
  std::uint64_t offset = 0;                  ///< bytes of that segment that remain
  std::uint64_t bytes_quarantined = 0;       ///< in all quarantine files together
  std::uint64_t records_quarantined = 0;     ///< whole records among them: keys that they deleted may return
  std::uint64_t records_apart =
      0;  ///< whole frames among them that, as far as can be told, are no records of the log: mostly those in the
          ///< value of a damaged record
  std::uint64_t highest_txid_apart = 0;  ///< of these; no txid was taken over from them
  TxidRange synced_txids_cut{};  ///< synced, but no longer in the store; some of their records may be among those
                                 ///< quarantined
  bool keys_may_return =
      false;  ///< what is left holds Puts: a key that was deleted or overwritten in what was cut or lost shows its
              ///< older value
  std::vector<std::filesystem::path> quarantine_paths{};  ///< what was kept, in log order
};

/// Cuts the store in `dir` at its first corruption (or tear) so that it opens again. The rest of that segment and every later
/// segment are cut, and kept beside it as `*.dwal.torn-OFFSET`. At every instant, crashes included, the directory
/// holds either the damaged store or the repaired one. Takes the writer's lock. The next txid is above that of every
/// record seen and above the watermark's; frames within a damaged record's value do not count, nor does the txid in a header
/// whose checksum is wrong.
/// @return locked; unsupported_version (a newer program's data is not damage); no_space; io
[[nodiscard]] Result<RepairReport> repair(const std::filesystem::path& dir, const OpenOptions& options = {});

/// What salvage() did.
struct SalvageReport {
  std::uint64_t records_salvaged = 0;  ///< copied
  std::uint64_t bytes_skipped = 0;     ///< bytes of the source that are in no whole record, except zeros at the end
  std::uint64_t records_apart =
      0;  ///< whole frames among them that, as far as can be told, are no records of the log and so were not
          ///< copied: mostly those in the key or the value of a damaged record
  std::uint64_t duplicates = 0;         ///< frames left out because their txid had been seen with the same bytes
  std::uint64_t conflicts = 0;          ///< frames left out because their txid had been seen with other bytes
  bool has_keys = false;                ///< a Put or a Delete is among the records copied
  std::vector<TxidRange> lost_txids{};  ///< holes between the first and the last txid found, the first 1000
};

/// Copies every record of `dir` that still decodes, in txid order, into a new store in `out`, which must be absent or empty.
/// A value may hold whole frames: one inside a record whose header can be read is never taken for a record; where the header is
/// gone too, the unbroken chain of records after it decides. Txids are kept. Takes no lock, changes nothing in `dir`, and needs
/// memory for the damaged places, not for the records.
/// `out` is durable on return; after a crash it may hold a prefix. `options.on_progress` reports the records copied.
/// @return already_exists if `out` holds anything; invalid_argument if it lies within `dir`; not_found; no_space; io
[[nodiscard]] Result<SalvageReport> salvage(const std::filesystem::path& dir, const std::filesystem::path& out,
                                            const OpenOptions& options = {});

}  // namespace datawal
