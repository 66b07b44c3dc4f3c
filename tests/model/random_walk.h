#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/model/world.h"

namespace varve::model {

/// One random interleaving of many actors, with random faults, deaths and power cuts.
struct RandomWalk {
    std::size_t steps = 0;
    std::string broken;              ///< the promise that was broken; empty: all held after every step
    std::vector<std::string> trace;  ///< the steps until then, if asked for
};

enum class Tracing { no, yes };

/// The walk of this number: the same whenever it is taken again. Three writers or copiers, two pruners, a healer, two
/// forgetters, a tagger, a reader and perhaps a checkpointer, over a small random history.
RandomWalk walk_at_random(std::uint64_t number, Rules rules, Tracing tracing);

}  // namespace varve::model
