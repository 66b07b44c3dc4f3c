#pragma once
/// The header of a new qcow2 file: no snapshots, no bitmaps, no dirty bit.
///
/// Source: qemu docs/interop/qcow2.txt, "Header" and "Header extensions".

#include "engine/base/bytes.h"
#include "engine/base/units.h"
#include "formats/qcow2/map_writer.h"
#include "formats/qcow2/refcount_writer.h"

namespace varve::qcow2 {

/// What differs between one new file and another.
struct NewHeader {
    CreationOptions options;
    ByteCount virtual_size;
    L1Place l1;
    RefcountTablePlace refcount_table;
};

/// The header, its extensions and the backing file's name: what cluster 0 begins with, zeros to its end. Throws
/// Error(usage) when they don't fit there.
Bytes encode_header(const NewHeader& header);

}  // namespace varve::qcow2
