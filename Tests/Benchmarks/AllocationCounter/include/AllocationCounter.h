#pragma once

/// How often this process has allocated memory since its start.
///
/// Counted by taking the place of malloc, calloc, realloc and the aligned variants of the C library.
unsigned long allocation_count(void);
