#pragma once
// The order of the log among addresses.

#include <cstdint>
#include <vector>

#include "kv/records/address_space.hpp"

namespace datawal::kv {

/// Of the extents that there were at one instant. An address in which the extent is replaced by its place in that order is a number that
/// ascends along the log.
class LogOrder {
 public:
  LogOrder() = default;
  /// By the lock of the space's owner. Throws std::bad_alloc. 4 bytes an extent, twice.
  explicit LogOrder(const AddressSpace& space);

  /// Puts addresses of that instant into log order.
  void sort(std::vector<std::uint64_t>& addresses) const;

 private:
  void add(std::uint32_t number);
  [[nodiscard]] static std::uint64_t exchanged(const std::vector<std::uint32_t>& by, std::uint64_t address) noexcept;

  std::vector<std::uint32_t> numbers_;
  std::vector<std::uint32_t> places_;  // by number
  bool is_natural_ = true;             // the numbers themselves ascend along the log
};

}  // namespace datawal::kv
