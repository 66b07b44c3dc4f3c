#pragma once
/// System calls that a signal interrupts (EINTR), which is no failure: local file systems never do that, FUSE and
/// network file systems may.

#include <cerrno>

namespace varve {

/// Makes the call again as long as it is interrupted; `call` returns a negative number for a failure, with errno set.
template <typename F>
auto retry_interrupted(F&& call) {
    auto result = call();
    while (result < 0 && errno == EINTR) result = call();
    return result;
}

}  // namespace varve
