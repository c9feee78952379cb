#include "cli/json.hpp"

#include <fmt/format.h>

#include <iterator>

#include <datawal/base64.hpp>
#include <datawal/text.hpp>

namespace datawal::cli {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

// The two-character escapes that JSON has besides \uXXXX.
std::string_view short_escape(char c) noexcept {
  switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: return {};
  }
}

}  // namespace

void JsonLine::start(std::string_view kind) {
  line_ = R"({"schema":"datawal.cli.v1")";
  text("kind", kind);
}

JsonLine& JsonLine::text(std::string_view name, std::string_view value) {
  begin_field(name);
  append_quoted(value);
  return *this;
}

JsonLine& JsonLine::texts(std::string_view name, std::span<const std::string> values) {
  begin_field(name);
  line_ += '[';
  for (const std::string& value : values) {
    if (&value != values.data()) line_ += ',';
    append_quoted(value);
  }
  line_ += ']';
  return *this;
}

JsonLine& JsonLine::base64(std::string_view name, std::string_view bytes) {
  begin_field(name);
  line_ += '"';
  append_base64(line_, bytes);
  line_ += '"';
  return *this;
}

JsonLine& JsonLine::number(std::string_view name, std::uint64_t value) {
  begin_field(name);
  const fmt::format_int digits(value);
  line_.append(digits.data(), digits.size());
  return *this;
}

JsonLine& JsonLine::boolean(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }

JsonLine& JsonLine::null(std::string_view name) { return raw(name, "null"); }

JsonLine& JsonLine::raw(std::string_view name, std::string_view json) {
  begin_field(name);
  line_ += json;
  return *this;
}

std::string_view JsonLine::finish() {
  line_ += "}\n";
  return line_;
}

void JsonLine::begin_field(std::string_view name) {
  line_ += ",\"";
  line_ += name;
  line_ += "\":";
}

void JsonLine::append_quoted(std::string_view value) {
  line_ += '"';
  while (!value.empty()) {
    const Character c = first_character(value);
    const std::string_view escape = c.len == 1 ? short_escape(value.front()) : std::string_view();
    if (c.len == 0) {
      line_ += replacement;
    } else if (!escape.empty()) {
      line_ += escape;
    } else if (c.code_point < 0x20) {
      fmt::format_to(std::back_inserter(line_), "\\u{:04x}", static_cast<unsigned>(c.code_point));
    } else {
      line_ += value.substr(0, c.len);
    }
    value.remove_prefix(c.len == 0 ? 1 : c.len);
  }
  line_ += '"';
}

}  // namespace datawal::cli
