#pragma once
/// Compressed qcow2 clusters, each a stream of its own: raw deflate or Zstandard. Safe from many threads.
/// Sources: RFC 1951 (raw deflate), RFC 8878 (Zstandard).

#include <optional>

#include "engine/base/bytes.h"
#include "formats/qcow2/header.h"

namespace varve::qcow2 {

/// Fills `cluster` from the stream at the begin of `stored`; what follows the stream is ignored, as the format pads it
/// to sectors. The output never exceeds the cluster and no window is allocated beside it, so that a lying stream costs
/// neither memory nor time. Throws Error(corrupt) when the stream is damaged or does not give exactly one cluster.
void inflate_cluster(Compression type, ByteView stored, ByteSpan cluster);

/// The stream of `cluster`, at the begin of `out`, which is at least as long; its length, or nothing when it does not
/// get smaller. Deflate uses a window of 4 KiB, the largest that qemu reads; Zstandard one frame that tells its size.
std::optional<std::size_t> deflate_cluster(Compression type, ByteView cluster, ByteSpan out);

}  // namespace varve::qcow2
