#include "cli/key_printer.hpp"

namespace datawal::cli {

void KeyPrinter::print(std::string_view key) {
  if (console_.json()) {
    json_.start("key");
    json_.base64("key_base64", key);
    console_.out().write(json_.finish());
    return;
  }
  line_.clear();
  append_shown(line_, key, style_);
  line_ += '\n';
  console_.out().write(line_);
}

}  // namespace datawal::cli
