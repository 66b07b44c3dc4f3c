#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/model/world.h"

namespace varve::model {

/// A small repository with a history, and the actors that work on it.
struct Scenario {
    std::string name;
    World (*start)(Rules);
    std::size_t states_min;  ///< with fewer, the exploration has silently shrunk
};

const std::vector<Scenario>& all_scenarios();
const Scenario& scenario(const std::string& name);

}  // namespace varve::model
