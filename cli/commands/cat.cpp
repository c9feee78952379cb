// `datawal cat`: payloads as they are.

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <string>

#include "cli/commands/commands.hpp"
#include "cli/framing.hpp"
#include "cli/human.hpp"
#include "cli/json.hpp"
#include "cli/selection.hpp"

namespace datawal::cli {
namespace {

struct CatArguments {
  std::filesystem::path dir;
  Selection selection;
  Framing framing = Framing::lines;
};

class PayloadPrinter {
 public:
  PayloadPrinter(Console& console, Framing framing) : console_(console), framing_(framing) {}

  void print(const RecordView& record) {
    if (console_.json()) return print_json(record);
    if (framing_ == Framing::length_prefixed) print_length(record.payload.size());
    console_.out().write(record.payload);
    if (framing_ == Framing::lines) print_separator(record.payload, '\n');
    if (framing_ == Framing::null_separated) print_separator(record.payload, '\0');
  }

  /// Payloads that contain the separator.
  [[nodiscard]] std::uint64_t ambiguous() const noexcept { return ambiguous_; }

 private:
  void print_json(const RecordView& record) {
    json_.start("payload");
    json_.number("txid", record.txid).base64("payload_base64", record.payload);
    console_.out().write(json_.finish());
  }

  void print_length(std::size_t len) {
    std::string bytes(4, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(len >> (8 * i) & 0xFF);
    console_.out().write(bytes);
  }

  void print_separator(std::string_view payload, char separator) {
    if (payload.contains(separator)) ++ambiguous_;
    console_.out().write({&separator, 1});
  }

  Console& console_;
  const Framing framing_;
  JsonLine json_{"payload"};
  std::uint64_t ambiguous_ = 0;
};

int cat(Console& console, const CatArguments& arguments) {
  PayloadPrinter printer(console, arguments.framing);
  const int status = walk_selection(console, arguments.dir, arguments.selection,
                                    [&](const RecordView& record) { printer.print(record); });
  if (printer.ambiguous() != 0) {
    console.note({.code = "ambiguous",
                  .text = fmt::format("{} what separates them here: --length-prefixed keeps them apart",
                                      printer.ambiguous() == 1 ? "1 payload holds"
                                                               : fmt::format("{} payloads hold", printer.ambiguous())),
                  .path = arguments.dir});
  }
  return status;
}

}  // namespace

void add_cat(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "cat", "Prints payloads as they are, oldest first.",
                                  R"(Takes no lock and changes nothing. The inverse of `datawal append`: a file that
was appended comes out byte for byte, if its last line ended in a newline.
Payloads are printed up to the first damage, which is then told on standard
error.

Examples:
  datawal cat ./log --last 3
  datawal cat ./log --length-prefixed | datawal append ./copy --length-prefixed

Exit status: 0 done; 1 usage, or no store there; 2 the log ends in a torn
record; 3 damage, or reading or printing failed.)");
  auto arguments = std::make_shared<CatArguments>();
  add_store(command, arguments->dir);
  add_framing(command, arguments->framing,
              {.lines = "A newline behind each (default)",
               .null_separated = "A NUL byte behind each",
               .whole = "Nothing between them",
               .length_prefixed = "Before each its length: 4 bytes, little-endian"});
  add_selection(command, arguments->selection);
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return cat(console, *arguments); }; });
}

}  // namespace datawal::cli
