#pragma once
/// Inflates one compressed qcow2 cluster. The output never exceeds the cluster and no window is allocated beside it, so
/// that a lying stream costs neither memory nor time. Sources: RFC 1951 (raw deflate), RFC 8878 (Zstandard).

#include "engine/base/bytes.h"
#include "formats/qcow2_header.h"

namespace varve::qcow2 {

/// Fills `cluster` from the stream at the begin of `stored`; what follows the stream is ignored, as the format pads it
/// to sectors. Throws Error(corrupt) when the stream is damaged or does not give exactly one cluster. Safe from many
/// threads.
void inflate_cluster(Compression type, ByteView stored, ByteSpan cluster);

}  // namespace varve::qcow2
