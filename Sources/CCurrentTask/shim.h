#pragma once

#include <stdbool.h>

// Two functions of Swift's concurrency library that `withUnsafeCurrentTask` and `Task.isCancelled` are made of, as
// swift/include/swift/Runtime/Concurrency.h declares them. Together with the retain and release around them those two
// take 39 ns, these 6.

/// The task that runs on this thread, or null; not retained.
__attribute__((swiftcall)) void *_Nullable swift_task_getCurrent(void);

/// Whether `task` has been cancelled.
__attribute__((swiftcall)) bool swift_task_isCancelled(void *_Nonnull task);
