#pragma once
/// Random bytes from the operating system (getrandom), for names that must never be used twice.

#include "engine/base/bytes.h"

namespace varve {

/// Fills `out`; throws Error(io) when the system provides none.
void random_bytes(ByteSpan out);

}  // namespace varve
