#pragma once
/// The rule for reading an image that a machine may be running on: what QEMU writes to is not read, as the bytes of
/// such an image are no single state of the disk; what QEMU only reads is.

#include <optional>
#include <string>

#include "engine/base/file.h"

namespace varve {

enum class LiveImage {
    refuse,  ///< for whoever keeps or compares what was read
    warn,    ///< for whoever only looks: what is shown may be out of date or damaged
};

/// Asks for QEMU's locks on `file`. When one says that the image may change: Error(refused) with who holds it and what
/// to do, or, to `warn`, that sentence. Where locks cannot be asked for, a sentence that says so. Else nothing.
std::optional<std::string> check_not_live(const File& file, LiveImage live);

}  // namespace varve
