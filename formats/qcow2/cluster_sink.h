#pragma once
/// Takes the clusters of a new qcow2 file from its writer and places each one, plain or compressed. Calls come in guest
/// order and never overlap; a cluster that no call names stays unallocated, or is reserved in a preallocated file.

#include "engine/base/bytes.h"
#include "engine/base/units.h"
#include "formats/qcow2/map_writer.h"

namespace varve::qcow2 {

class ClusterSink {
public:
    virtual ~ClusterSink() = default;

    /// The content of whole guest clusters from `guest` on; those of only zeros become explicit zeros.
    virtual void put(ByteOffset guest, ByteView clusters) = 0;

    /// The content of one guest cluster. Only the subclusters in `covered` belong to the disk; the others are zeros.
    virtual void put_part(ByteOffset guest, ByteView cluster, Subclusters covered) = 0;

    /// Whole guest clusters that are zero.
    virtual void zero(ByteRange guest) = 0;

    /// Writes everything that is still held; once, as the last call.
    virtual void finish() = 0;
};

}  // namespace varve::qcow2
