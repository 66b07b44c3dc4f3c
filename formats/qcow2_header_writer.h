#pragma once
/// The header of a new qcow2 file: version 3, no feature bits, no backing file, no snapshots.
///
/// Source: qemu docs/interop/qcow2.txt, "Header".

#include "engine/base/bytes.h"
#include "engine/base/units.h"
#include "formats/qcow2_map_writer.h"
#include "formats/qcow2_refcount_writer.h"

namespace varve::qcow2 {

/// What differs between one new file and another.
struct NewHeader {
    unsigned cluster_bits = 0;
    ByteCount virtual_size;
    L1Place l1;
    RefcountTablePlace refcount_table;
};

/// The header and the empty list of header extensions: what cluster 0 begins with, zeros to its end.
Bytes encode_header(const NewHeader& header);

}  // namespace varve::qcow2
