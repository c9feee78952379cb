#pragma once
// Which records `scan`, `cat`, `dump` and `tail` print: `--type`, `--key-prefix`, `--grep` and their like.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <datawal/record.hpp>

#include "cli/arguments.hpp"

namespace datawal::cli {

/// A regular expression. Looking for it takes time in proportion to what is looked at, whatever the expression.
class Pattern {
 public:
  /// Throws CLI::ValidationError, which names `option`, if `text` is none, or if the program was built without an engine.
  Pattern(const std::string& option, const std::string& text);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  [[nodiscard]] bool is_in(std::string_view bytes) const;

 private:
  struct Engine;
  std::unique_ptr<Engine> engine_;
};

/// What a record must be; all of it at once.
struct RecordFilter {
  std::optional<RecordType> type{};
  std::optional<std::string> key_prefix{};
  std::optional<std::string> text{};         ///< in the key or in the payload
  std::shared_ptr<const Pattern> pattern{};  ///< the same
  std::optional<std::uint64_t> from_txid{};
  std::optional<std::uint64_t> to_txid{};  ///< included

  [[nodiscard]] bool admits(const RecordView& record) const;
};

/// "Raw", "Put", "Delete", in capitals or not; also "del".
[[nodiscard]] std::optional<RecordType> parse_type(std::string_view word);

/// `--type`, `--key-prefix`, `--grep`, `--grep-regex`.
void add_record_filter(CLI::App& command, RecordFilter& filter);

/// `--from-txid`, `--to-txid`.
void add_txid_range(CLI::App& command, RecordFilter& filter);

}  // namespace datawal::cli
