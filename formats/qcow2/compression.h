#pragma once
/// Compressed qcow2 clusters, each a separate stream: raw deflate or Zstandard. Safe from many threads.
/// Sources: RFC 1951 (raw deflate), RFC 8878 (Zstandard).

#include <optional>

#include "engine/base/bytes.h"
#include "formats/qcow2/header.h"

namespace varve::qcow2 {

/// Fills `cluster` from the stream at the start of `stored`; bytes after the stream are ignored, as the format pads it
/// to sectors. The output never exceeds the cluster and no separate window is allocated, so that a hostile stream costs
/// neither memory nor time. Throws Error(corrupt) when the stream is damaged or does not yield exactly one cluster.
void inflate_cluster(Compression type, ByteView stored, ByteSpan cluster);

/// Compresses `cluster` to the start of `out`, which is at least as long. Returns the length of the stream; nothing
/// when it would not be smaller. Deflate uses a window of 4 KiB, the largest that qemu reads; Zstandard one frame that
/// states its size.
std::optional<std::size_t> deflate_cluster(Compression type, ByteView cluster, ByteSpan out);

}  // namespace varve::qcow2
