#pragma once
// The keys of records, without their values.

#include <cstdint>
#include <string>

#include <datawal/error.hpp>

#include "kv/projection/projection.hpp"
#include "kv/records/address_space.hpp"

namespace datawal::kv {

/// Reads keys of one pinned instant. A short record is read whole, with its checksum. Of a long one only the header and the key are read,
/// and the index, which saw the record when its checksum was right, must know a key of that hash at exactly that address: 36 bits of the
/// hash, as good as a checksum. If it does not, because the record was superseded meanwhile, that one is read whole too.
class KeyReader {
 public:
  KeyReader(const Projection& projection, const PinnedAddressSpace& space) noexcept
      : projection_(projection), address_space_(space) {}

  /// Only the key of the record may be used, unless it is_checked. Errors as AddressSpace::read.
  [[nodiscard]] Result<LocatedRecord> read(std::uint64_t address, std::string& buffer) const {
    Result<LocatedRecord> located = address_space_.read_or_head<AddressSpace::worth_skipping>(address, buffer);
    if (!located || located->is_checked) return located;
    if (projection_.points_to(projection_.hash_of(located->record.key), address)) return located;
    return address_space_.read(address, buffer);
  }
  void prefetch(std::uint64_t address) const noexcept { address_space_.prefetch(address); }

 private:
  const Projection& projection_;
  const PinnedAddressSpace& address_space_;
};

}  // namespace datawal::kv
