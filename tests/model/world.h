#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tests/model/checkpointer.h"
#include "tests/model/environment.h"
#include "tests/model/forgetter.h"
#include "tests/model/pruner.h"
#include "tests/model/reader.h"
#include "tests/model/tagger.h"
#include "tests/model/writer.h"

namespace varve::model {

using Actor = std::variant<Writer, Forgetter, Pruner, Reader, Tagger, Checkpointer>;

/// One state: what is shared, and the progress of each actor. An actor that never steps again has crashed, so in every
/// state each actor may have died.
struct World {
    Environment env;
    std::vector<Actor> actors;

    void add_to(StateHash& hash) const;
};

/// What is wrong in this state, if anything: the promises of README.md, section "Promises".
std::optional<std::string> broken_promise(const World& world);

}  // namespace varve::model
