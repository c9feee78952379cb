#pragma once
// What the page's script does for the library. Offsets and sizes are doubles: exact up to 2^53.

#include <cstddef>

#define DATAWAL_HOST(name) __attribute__((import_module("host"), import_name(#name)))

extern "C" {
/// Copies `len` bytes at `offset` of the given file with that number to `into`.
/// @return how many, fewer only at the end of the file; -1 if the browser does not give them, e.g. since the file has changed
DATAWAL_HOST(read_at) int host_read_at(int file, double offset, char* into, int len);

/// Waits until the block at `offset` is there to be read at once, and has those behind it read meanwhile. Only in a call that may wait.
DATAWAL_HOST(await_at) void host_await_at(int file, double offset);

/// Appends to the made file with that number, or cuts it.
DATAWAL_HOST(append) void host_append(int file, const char* bytes, int len);
DATAWAL_HOST(cut) void host_cut(int file, double size);

DATAWAL_HOST(progress) void host_progress(double done, double total);
}
