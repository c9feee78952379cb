#pragma once

#include "machine.hpp"

namespace safeatomic::sim::detail {

/// Its bytes lie in memory of its own; every change of the file is copied there.
class SimMapping final : public Mapping {
 public:
  /// Errors: EINVAL for what mmap refuses, ENOMEM.
  [[nodiscard]] static Result<std::unique_ptr<Mapping>> make(const Opening& file, std::uint64_t offset,
                                                             std::size_t length);
  SimMapping(Machine& machine, NodeRef node, std::filesystem::path path, std::uint64_t offset, char* begin,
             std::size_t length);
  ~SimMapping() override;

  [[nodiscard]] std::string_view bytes() const noexcept override { return {begin_, length_}; }
  void write(std::size_t offset, std::string_view bytes) noexcept override;
  Result<void> populate(std::size_t offset, std::size_t length) override;

  /// [offset, offset + length) of the file has changed.
  void refresh(std::uint64_t offset, std::uint64_t length) noexcept;

 private:
  Opening opening_;
  std::uint64_t offset_;  // of the mapping in the file
  char* begin_;
  std::size_t length_;
};

}  // namespace safeatomic::sim::detail
