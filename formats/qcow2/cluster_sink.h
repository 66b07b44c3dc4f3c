#pragma once
/// Takes the clusters of a new qcow2 file from its writer and finds a place for each, plain or compressed. Calls come
/// in guest order and never overlap; a cluster that no call names stays unallocated, or is reserved in a preallocated
/// file.

#include "engine/base/bytes.h"
#include "engine/base/units.h"
#include "formats/qcow2/map_writer.h"

namespace varve::qcow2 {

class ClusterSink {
public:
    virtual ~ClusterSink() = default;

    /// The content of whole guest clusters from `guest` on; zeros among it become explicit.
    virtual void put(ByteOffset guest, ByteView clusters) = 0;

    /// The content of one guest cluster, of which only the subclusters `said` are the disk's; the others are zeros.
    virtual void put_part(ByteOffset guest, ByteView cluster, Subclusters said) = 0;

    /// Whole guest clusters that are zero.
    virtual void zero(ByteRange guest) = 0;

    /// Brings everything that is still held into the file; once, as the last call.
    virtual void finish() = 0;
};

}  // namespace varve::qcow2
