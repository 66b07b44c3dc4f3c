#pragma once
/// How much of a new image's space is allocated up front, in the terms of qemu-img, and the Output that allocates it.

#include <memory>
#include <optional>
#include <string_view>

#include "formats/output/output.h"

namespace varve {

enum class Preallocation {
    off,       ///< space is taken as bytes are written
    metadata,  ///< the tables of the format are complete; ranges not written are holes of the file
    falloc,    ///< as metadata, and the file system reserves the whole file
    full,      ///< as metadata, and ranges not written are filled with zeros
};

/// "off", "metadata", "falloc" or "full".
std::optional<Preallocation> parse_preallocation(std::string_view word);

/// Returns `output` itself for off and metadata. For falloc it reserves `expected` bytes now, so that a full medium
/// fails before anything is written, and whatever exceeds them at the end. For full it fills all gaps; ranges must then
/// ascend, except for one at the very start, which may come last.
std::unique_ptr<Output> preallocated(std::unique_ptr<Output> output, Preallocation mode, ByteCount expected);

}  // namespace varve
