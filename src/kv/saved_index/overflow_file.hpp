#pragma once
// A file for pages that wait to be written into an index: more than shall wait in memory.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include <datawal/error.hpp>
#include <safeatomic/temporary.hpp>

#include "kv/index/frozen_directory.hpp"

namespace datawal::kv {

/// Made when it is first needed, and gone with this.
class OverflowFile final : public PageOverflow {
 public:
  using Make = std::function<Result<safeatomic::TemporaryFile>()>;
  explicit OverflowFile(Make make) : make_(std::move(make)) {}

  [[nodiscard]] Result<void> append(std::span<const char> bytes) override;
  [[nodiscard]] Result<void> read(std::uint64_t offset, std::span<char> into) override;

 private:
  const Make make_;
  std::optional<safeatomic::TemporaryFile> file_{};
  std::uint64_t end_ = 0;
};

}  // namespace datawal::kv
