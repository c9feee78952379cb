#include "cli/page/template.hpp"

namespace datawal::cli {

std::string_view page_template() noexcept { return {}; }

}  // namespace datawal::cli
