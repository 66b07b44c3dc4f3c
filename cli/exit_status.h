#pragma once
/// What the program tells the shell. A signal that ended it adds 128 + its number (main.cpp).

namespace varve {

enum class ExitStatus : int {
    done = 0,
    failed = 1,  ///< nothing half-done is left
    usage = 2,   ///< the call itself is wrong
    found = 3,   ///< damage, an unreadable place that was passed over, or the difference that was asked for
};

}  // namespace varve
