#pragma once
/// Encodes and parses checkpoints of the log (FORMAT.md section 8). Pure functions.

#include <string>

#include "engine/base/units.h"
#include "engine/repository/log_state.h"

namespace varve {

/// Of the state before it is compressed: caps what a reader allocates.
inline constexpr ByteCount checkpoint_plain_bytes_max = mib(256);

/// A checkpoint as parsed from its bytes, before checking whether it fits the log. The state agrees with itself.
struct ParsedCheckpoint {
    RepositoryId repository;
    LogState state;
};

/// Error(usage) for a state that is too large for a checkpoint.
Bytes encode_checkpoint(const LogState& state, const RepositoryId& repository);

/// Error(corrupt) that names `object` for damage and contradictions, Error(unsupported) for encryption or records of a
/// newer version.
ParsedCheckpoint parse_checkpoint(ByteView bytes, const std::string& object);

}  // namespace varve
