#include "cli/record_filter.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <limits>

#if DATAWAL_HAS_RE2
#include <re2/re2.h>
#endif

namespace datawal::cli {

#if DATAWAL_HAS_RE2

struct Pattern::Engine {
  Engine(const std::string& text, const re2::RE2::Options& options) : expression(text, options) {}
  re2::RE2 expression;
};

Pattern::Pattern(const std::string& option, const std::string& text) {
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);  // records are bytes
  options.set_log_errors(false);
  engine_ = std::make_unique<Engine>(text, options);
  if (!engine_->expression.ok()) {
    throw CLI::ValidationError(option, "'" + text + "' is no regular expression: " + engine_->expression.error());
  }
}

bool Pattern::is_in(std::string_view bytes) const {
  return re2::RE2::PartialMatch({bytes.data(), bytes.size()}, engine_->expression);
}

#else

struct Pattern::Engine {};

Pattern::Pattern(const std::string& option, const std::string&) {
  throw CLI::ValidationError(option, "this program was built without RE2, which it needs; --grep looks for plain text");
}

bool Pattern::is_in(std::string_view) const { return false; }

#endif

Pattern::~Pattern() = default;

bool RecordFilter::admits(const RecordView& record) const {
  if (type && record.type != *type) return false;
  if (record.txid < from_txid.value_or(0) || record.txid > to_txid.value_or(std::numeric_limits<std::uint64_t>::max()))
    return false;
  if (key_prefix && !record.key.starts_with(*key_prefix)) return false;
  if (text && !record.key.contains(*text) && !record.payload.contains(*text)) return false;
  return !pattern || pattern->is_in(record.key) || pattern->is_in(record.payload);
}

std::optional<RecordType> parse_type(std::string_view word) {
  std::string lower(word);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "raw") return RecordType::Raw;
  if (lower == "put") return RecordType::Put;
  if (lower == "delete" || lower == "del") return RecordType::Delete;
  return std::nullopt;
}

void add_record_filter(CLI::App& command, RecordFilter& filter) {
  const auto take_type = [&filter](const std::string& word) {
    filter.type = parse_type(word);
    if (!filter.type) throw CLI::ValidationError("--type", "'" + word + "' is none of Raw, Put, Delete");
  };
  add_text(command, "--type", take_type, "Only records of that type: Raw, Put, Delete")->option_text("TYPE");
  add_text(
      command, "--key-prefix", [&filter](const std::string& prefix) { filter.key_prefix = prefix; },
      "Only records whose key begins with TEXT")
      ->option_text("TEXT");
  add_text(
      command, "--grep", [&filter](const std::string& wanted) { filter.text = wanted; },
      "Only records with TEXT in their key or payload")
      ->option_text("TEXT");
  add_text(
      command, "--grep-regex",
      [&filter](const std::string& wanted) {
        filter.pattern = std::make_shared<const Pattern>("--grep-regex", wanted);
      },
      "Only records with a match of the expression, in RE2's\nsyntax and byte by byte, in their key or payload")
      ->option_text("RE");
}

void add_txid_range(CLI::App& command, RecordFilter& filter) {
  add_count(command, "--from-txid", filter.from_txid, "Only records from this transaction id on");
  add_count(command, "--to-txid", filter.to_txid, "Only records up to this transaction id");
}

}  // namespace datawal::cli
