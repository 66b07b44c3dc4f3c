#pragma once
/// An image sent to a pipe, a socket or an already open file, from the first byte to the last: zeros are sent as bytes.
/// If the reader of a pipe goes away, that is an Error(io), not a signal. Bytes sent before an error stay sent.

#include <memory>
#include <string>

#include "formats/guard/target_rules.h"
#include "formats/output/output.h"

namespace varve {

/// Output to `fd`, which is borrowed and outlives the result. Refused: a terminal, and a forbidden medium. `name`
/// stands for the stream in error texts.
std::unique_ptr<Output> output_stream(int fd, std::string name, const TargetRules& rules);

}  // namespace varve
