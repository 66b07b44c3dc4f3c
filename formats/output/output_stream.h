#pragma once
/// An image sent down a pipe, a socket or an already open file, from the first byte to the last: zeros go as bytes. The
/// reader of a pipe that goes away is an Error(io), not a signal. What was sent before an error stays sent.

#include <memory>
#include <string>

#include "formats/guard/target_rules.h"
#include "formats/output/output.h"

namespace varve {

/// Output to `fd`, which is borrowed and outlives the result. Refused: a terminal, and a forbidden medium. `name`
/// stands for the stream in error texts.
std::unique_ptr<Output> output_stream(int fd, std::string name, const TargetRules& rules);

}  // namespace varve
