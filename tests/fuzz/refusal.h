#pragma once
/// What a parser may answer to bytes that it does not accept.

#include <cstdlib>

#include "engine/base/error.h"

namespace varve {

/// Runs `step`, which may refuse its input as corrupt or unsupported. Any other error is a bug.
template <typename Step>
void try_step(const Step& step) {
    try {
        step();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::unsupported) std::abort();
    }
}

/// What must hold for any input.
inline void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace varve
