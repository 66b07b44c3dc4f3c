#pragma once
/// Packs the compressed clusters of a new qcow2 file one after the other without gaps, so that several share a host
/// cluster and one may continue in the next. Adjacent streams are written together.
///
/// Invariant: a host cluster holds no more streams than its refcount can count.
///
/// Source: qemu docs/interop/qcow2.txt, "Compressed Clusters Descriptor".

#include <optional>

#include "engine/base/bytes.h"
#include "formats/output/output.h"
#include "formats/qcow2/host_space.h"
#include "formats/qcow2/refcount_writer.h"

namespace varve::qcow2 {

class CompressedSpace {
public:
    /// Borrows all for its life.
    CompressedSpace(Output& output, HostSpace& space, RefcountWriter& refcounts);

    /// Places `stream`, shorter than a cluster, and writes it now or with later ones. Returns its place.
    ByteOffset put(ByteView stream);

    /// Writes what is still held; once, after the last stream.
    void finish();

private:
    ByteOffset place(ByteCount length);
    void begin_cluster();

    Output& output_;
    HostSpace& space_;
    RefcountWriter& refcounts_;
    ByteOffset cluster_;         ///< the host cluster in which the last stream ends
    ByteCount used_;             ///< of that cluster
    std::uint64_t streams_ = 0;  ///< in that cluster
    Bytes held_;                 ///< adjacent streams that are not yet written
    ByteOffset held_begin_;
};

}  // namespace varve::qcow2
