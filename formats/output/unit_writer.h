#pragma once
/// The one place that gathers partial units. A format that allocates in units (clusters, blocks, grains) implements
/// UnitSink, and write_in_units() makes an ImageWriter of it.

#include <cstdint>
#include <memory>

#include "engine/image/image_writer.h"

namespace varve {

/// A set of the equal parts that a unit is divided into; the first part is bit 0.
using UnitParts = std::uint32_t;

/// Takes the units of a new image and finds a place for each. Calls come in guest order and never overlap; a unit that
/// no call names was never mentioned. Where the disk ends inside a unit, the rest of that unit is zeros. One thread at
/// a time.
class UnitSink {
public:
    virtual ~UnitSink() = default;

    /// The content of consecutive whole units, as the caller of write() passed it: it was not copied.
    virtual void put(ByteOffset at, ByteView units) = 0;

    /// One unit that arrived in ranges smaller than itself. `covered` are the parts that these ranges touch; whatever
    /// they did not write is zero in `unit`.
    virtual void put_part(ByteOffset at, ByteView unit, UnitParts covered) = 0;

    /// Consecutive whole units that are zero.
    virtual void zero(ByteRange units) = 0;

    /// Completes the image and commits it; once, as the last call.
    virtual void finish() = 0;

    virtual ByteCount bytes_written() const = 0;
};

/// An ImageWriter that gives `sink` whole units of length `unit`, each divided into `parts` (1 to 32) equal parts.
/// Checks that its caller keeps the order that ImageWriter demands. Memory: one unit.
std::unique_ptr<ImageWriter> write_in_units(std::unique_ptr<UnitSink> sink, ByteCount virtual_size, ByteCount unit,
                                            unsigned parts = 1);

}  // namespace varve
