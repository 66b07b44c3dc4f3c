#pragma once
/// How much of a new image's space is taken at once, in qemu-img's words, and the Output that takes it.

#include <memory>
#include <optional>
#include <string_view>

#include "formats/output/output.h"

namespace varve {

enum class Preallocation {
    off,       ///< space comes as bytes are written
    metadata,  ///< the format's tables are whole; what was not written is a hole of the file
    falloc,    ///< as metadata, and the file system reserves the whole file
    full,      ///< as metadata, and what was not written is written as zeros
};

/// "off", "metadata", "falloc" or "full".
std::optional<Preallocation> parse_preallocation(std::string_view word);

/// `output` itself for off and metadata. For falloc it reserves `expected` bytes now, so that a full medium is met
/// before anything is written, and what comes beyond at the end. For full it fills all gaps; ranges then ascend, but
/// for one at the very begin that may come last.
std::unique_ptr<Output> preallocated(std::unique_ptr<Output> output, Preallocation mode, ByteCount expected);

}  // namespace varve
