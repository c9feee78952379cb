#pragma once
// A file in memory whose reads come in pieces, for what reads one segment.

#include <algorithm>
#include <cstring>
#include <string>

#include <safeatomic/file_system.hpp>

namespace datawal::fuzz {

/// Reads give at most `piece` bytes at a time, and every fifth one is interrupted.
class MemoryFile final : public safeatomic::File {
 public:
  MemoryFile(std::string bytes, std::size_t piece)
      : bytes_(std::move(bytes)), piece_(std::max<std::size_t>(piece, 1)) {}

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return path_; }

  [[nodiscard]] safeatomic::Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    if (++reads_ % 5 == 0) return refuse(safeatomic::Errc::interrupted);
    if (offset >= bytes_.size()) return 0U;
    const std::size_t len = std::min({into.size(), piece_, bytes_.size() - static_cast<std::size_t>(offset)});
    std::memcpy(into.data(), bytes_.data() + offset, len);
    return len;
  }

  /// Blocks of 4 KiB of zeros are holes.
  [[nodiscard]] safeatomic::Result<std::optional<safeatomic::DataRange>> next_data(std::uint64_t offset) override {
    auto begin = static_cast<std::size_t>(offset);
    while (begin < bytes_.size() && is_hole(begin)) begin = (begin / block_len + 1) * block_len;
    if (begin >= bytes_.size()) return std::nullopt;
    std::size_t end = begin;
    while (end < bytes_.size() && !is_hole(end)) end = (end / block_len + 1) * block_len;
    return safeatomic::DataRange{begin, std::min(end, bytes_.size())};
  }

  [[nodiscard]] safeatomic::Result<safeatomic::FileInfo> info() const override {
    return safeatomic::FileInfo{.kind = safeatomic::FileKind::regular, .size = bytes_.size(), .link_count = 1};
  }

  [[nodiscard]] safeatomic::Result<std::size_t> write_at(std::uint64_t /*offset*/,
                                                         std::span<const std::string_view> /*parts*/) override {
    return refuse(safeatomic::Errc::unsupported);
  }
  [[nodiscard]] safeatomic::Result<void> truncate(std::uint64_t /*size*/) override { return no(); }
  [[nodiscard]] safeatomic::Result<void> reserve(std::uint64_t /*offset*/, std::uint64_t /*length*/) override {
    return no();
  }
  [[nodiscard]] safeatomic::Result<void> sync_data() override { return no(); }
  [[nodiscard]] safeatomic::Result<void> sync_all() override { return no(); }
  safeatomic::Result<void> start_writeback(std::uint64_t /*offset*/, std::uint64_t /*length*/) override { return no(); }
  [[nodiscard]] safeatomic::Result<std::unique_ptr<safeatomic::Mapping>> map(safeatomic::MapAccess /*access*/,
                                                                             std::uint64_t /*offset*/,
                                                                             std::size_t /*length*/) override {
    return refuse(safeatomic::Errc::unsupported);
  }
  [[nodiscard]] safeatomic::Result<void> copy_ownership(const safeatomic::FileInfo& /*like*/) override { return no(); }
  [[nodiscard]] safeatomic::Result<bool> try_lock(safeatomic::LockKind /*kind*/) override {
    return refuse(safeatomic::Errc::unsupported);
  }
  safeatomic::Result<void> unlock(safeatomic::LockKind /*kind*/) override { return no(); }
  [[nodiscard]] safeatomic::Result<bool> is_locked() const override { return refuse(safeatomic::Errc::unsupported); }

 private:
  static constexpr std::size_t block_len = 4096;

  static std::unexpected<safeatomic::Error> refuse(safeatomic::Errc code) {
    return std::unexpected(safeatomic::Error{code, "use a file in memory", {}});
  }
  static safeatomic::Result<void> no() { return refuse(safeatomic::Errc::unsupported); }

  [[nodiscard]] bool is_hole(std::size_t at) const {
    const std::size_t begin = at / block_len * block_len;
    const std::string_view block = std::string_view(bytes_).substr(begin, block_len);
    return block.size() == block_len && block.find_first_not_of('\0') == std::string_view::npos;
  }

  const std::string bytes_;
  const std::size_t piece_;
  std::filesystem::path path_ = "memory";
  std::uint64_t reads_ = 0;
};

}  // namespace datawal::fuzz
