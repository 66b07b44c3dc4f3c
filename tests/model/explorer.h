#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/model/world.h"

namespace varve::model {

struct Exploration {
    std::size_t states = 0;          ///< different ones
    std::size_t steps = 0;           ///< taken between them
    std::string broken;              ///< the promise that was broken first; empty if all held
    std::vector<std::string> trace;  ///< the shortest way there, one line a step

    std::string text() const;
};

/// Goes through every state that can be reached from `start`, breadth first, each once.
/// Stops at the first broken promise.
Exploration explore(const World& start);

}  // namespace varve::model
