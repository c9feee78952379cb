#pragma once
// One function per command: adds it to the command line and sets `run` when it is chosen.

#include "cli/arguments.hpp"

namespace datawal::cli {

void add_append(CLI::App& program, Run& run);
void add_cat(CLI::App& program, Run& run);
void add_scan(CLI::App& program, Run& run);
void add_tail(CLI::App& program, Run& run);
void add_dump(CLI::App& program, Run& run);
void add_report(CLI::App& program, Run& run);
void add_verify(CLI::App& program, Run& run);
void add_repair(CLI::App& program, Run& run);
void add_checkpoint(CLI::App& program, Run& run);
void add_trim(CLI::App& program, Run& run);
void add_hold(CLI::App& program, Run& run);
void add_page(CLI::App& program, Run& run);

void add_keys(CLI::App& program, Run& run);
void add_get(CLI::App& program, Run& run);
void add_put(CLI::App& program, Run& run);
void add_delete(CLI::App& program, Run& run);
void add_check(CLI::App& program, Run& run);
void add_diff(CLI::App& program, Run& run);
void add_stat(CLI::App& program, Run& run);
void add_index(CLI::App& program, Run& run);
void add_export(CLI::App& program, Run& run);
void add_import(CLI::App& program, Run& run);
void add_compact(CLI::App& program, Run& run);

}  // namespace datawal::cli
