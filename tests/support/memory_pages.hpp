#pragma once
// The pages of a key directory, saved in memory: what a persisted index is to it.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "kv/index/key_directory.hpp"
#include "kv/index/page_image.hpp"

namespace datawal::test {

/// Pages whose addresses are not those of memory.
class MemoryPages final : public kv::PageSource {
 public:
  static constexpr std::uint64_t distance = 1 << 20;  // a saved address is so much more
  /// Pages that were written that way need not be translated, if they are loaded into another directory.
  explicit MemoryPages(std::string bytes) : bytes_(std::move(bytes)) {}

  [[nodiscard]] Result<void> read(std::uint32_t page, std::span<char> into) override {
    if (is_failing) return std::unexpected(Error{.code = Errc::io, .action = "read pages"});
    std::string_view(bytes_).substr(page * kv::saved_page_len).copy(into.data(), into.size());
    return {};
  }
  [[nodiscard]] bool is_intact(const kv::SavedPage& page, std::string_view bytes) const noexcept override {
    return sum_of(bytes) == page.crc;
  }
  [[nodiscard]] const kv::SavedAddress* in_memory() const noexcept override { return &in_memory_; }
  [[nodiscard]] Error damaged(const kv::SavedPage& page) override {
    return {.code = Errc::corruption, .action = "read pages", .offset = page.page};
  }

  [[nodiscard]] static std::uint32_t sum_of(std::string_view bytes) noexcept {
    std::uint32_t sum = 0;
    for (const char byte : bytes) sum = sum * 31 + static_cast<unsigned char>(byte);
    return sum;
  }

  bool is_failing = false;

 private:
  const std::string bytes_;
  const kv::SavedAddress in_memory_ = [](std::uint64_t address) { return address - distance; };
};

/// More than may wait in memory.
class MemoryOverflow final : public kv::PageOverflow {
 public:
  [[nodiscard]] Result<void> append(std::span<const char> bytes) override {
    const Locked guard(mutex_);
    content_.append(bytes.data(), bytes.size());
    return {};
  }
  [[nodiscard]] Result<void> read(std::uint64_t offset, std::span<char> into) override {
    const Locked guard(mutex_);
    content_.copy(into.data(), into.size(), offset);
    return {};
  }

 private:
  Mutex mutex_{};
  std::string content_ DATAWAL_GUARDED_BY(mutex_){};
};

/// What was frozen, as pages. `take(heads, chains)` is KeyDirectory::take_frozen by the lock of its owner.
template <class Take>
[[nodiscard]] Result<std::shared_ptr<kv::SavedGeneration>> write_frozen(kv::FrozenDirectory& frozen, Take&& take) {
  auto written = std::make_shared<kv::SavedGeneration>();
  kv::SavedDirectory& directory = written->directory;
  std::string bytes;
  const kv::SavedAddress saved = [](std::uint64_t address) { return address + MemoryPages::distance; };
  std::vector<kv::FrozenChain> chains;
  for (std::size_t part = 0; part < kv::part_count; ++part) {
    const std::vector<kv::FrozenDirectory::Head> heads = frozen.heads(part);
    const std::size_t begin = directory.pages.size();
    directory.parts[part] = {.depth = frozen.depth(part), .pages_begin = begin, .pages_end = begin + heads.size()};
    for (const kv::FrozenDirectory::Head& head : heads) {
      if (Result<void> taken = take(std::span(&head, 1), chains); !taken) return std::unexpected(taken.error());
      if (Result<void> fetched = frozen.fetch(chains[0]); !fetched) return std::unexpected(fetched.error());
      const std::size_t at = bytes.size();
      for (const std::unique_ptr<kv::Page>& page : chains[0].pages) {
        bytes.resize(bytes.size() + kv::saved_page_len);
        kv::encode_page(
            *page, saved,
            std::span<char, kv::saved_page_len>(bytes.data() + bytes.size() - kv::saved_page_len, kv::saved_page_len));
        directory.keys += page->count();
      }
      const auto length = static_cast<std::uint32_t>(chains[0].pages.size());
      directory.pages.push_back({.tag = head.tag,
                                 .depth = head.depth,
                                 .page = static_cast<std::uint32_t>(directory.page_count),
                                 .chain = length,
                                 .crc = MemoryPages::sum_of(std::string_view(bytes).substr(at))});
      directory.page_count += length;
    }
  }
  written->source = std::make_shared<MemoryPages>(std::move(bytes));
  return written;
}

/// Saves a directory as an IndexKeeper does, and lets it go on from there. `alone(work)` does work by the lock of the directory's owner.
template <class Alone>
[[nodiscard]] Result<std::shared_ptr<kv::SavedGeneration>> save(kv::KeyDirectory& directory, std::size_t kept_max,
                                                                Alone&& alone) {
  MemoryOverflow overflow;
  kv::FrozenDirectory frozen(overflow, kept_max);
  alone([&] {
    do {
      frozen.prepare(directory.extent());
    } while (!directory.freeze(frozen));
  });
  auto written = write_frozen(
      frozen, [&](std::span<const kv::FrozenDirectory::Head> heads, std::vector<kv::FrozenChain>& chains) {
        Result<void> taken;
        alone([&] { taken = directory.take_frozen(heads, chains); });
        return taken;
      });
  alone([&] {
    if (written && directory.is_limited() && !directory.adopt(*written)) {
      written = std::unexpected(Error{.code = Errc::corruption, .action = "adopt pages"});
    }
    directory.thaw();
  });
  while (directory.shrink()) {
  }
  return written;
}

}  // namespace datawal::test
