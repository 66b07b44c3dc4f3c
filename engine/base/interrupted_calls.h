#pragma once
/// Repeats system calls that a signal interrupted (EINTR). FUSE and network file systems may interrupt calls that local
/// file systems always complete.

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
