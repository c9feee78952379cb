// Nobody is root in a page.
#pragma once
#include_next <unistd.h>
static inline int geteuid(void) { return 1; }
