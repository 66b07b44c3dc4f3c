#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/model/world.h"

namespace varve::model {

struct Exploration {
    std::size_t states = 0;          ///< different ones
    std::size_t steps = 0;           ///< taken between them
    std::string broken;              ///< the first promise that was broken; empty if all held
    std::vector<std::string> trace;  ///< the shortest path there, one line per step

    std::string text() const;
};

/// Visits every state that can be reached from `start` once, breadth first.
/// Stops at the first broken promise.
Exploration explore(const World& start);

}  // namespace varve::model
