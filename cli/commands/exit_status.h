#pragma once
/// What the program reports to the shell. After a signal it is 128 + the signal's number (main.cpp).

namespace varve {

enum class ExitStatus : int {
    done = 0,
    failed = 1,  ///< nothing half-done is left
    usage = 2,   ///< the call itself is wrong
    found = 3,   ///< damage, an unreadable place that was skipped, or the difference that was asked for
};

}  // namespace varve
