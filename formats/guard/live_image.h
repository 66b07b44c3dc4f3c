#pragma once
/// The rule for reading an image that a machine may be running on: an image that QEMU writes to is refused, because its
/// bytes are not one consistent state of the disk; an image that QEMU only reads is accepted.

#include <optional>
#include <string>

#include "engine/base/file.h"

namespace varve {

enum class LiveImage {
    refuse,  ///< for a caller that keeps or compares what it reads
    warn,    ///< for a caller that only shows it: that may be out of date or damaged
};

/// Queries QEMU's locks on `file`. If one of them means that the image may change, throws Error(refused) that states
/// who holds it and what to do, or, for `warn`, returns that as a sentence. Where locks cannot be queried, returns a
/// sentence that states so. Otherwise returns nothing.
std::optional<std::string> check_not_live(const File& file, LiveImage live);

}  // namespace varve
