#pragma once
/// Reads clusters from a file that may end inside its last one: a writer that knows that the rest is zero need not
/// write it.

#include "formats/base/byte_source.h"

namespace varve {

/// Fills `out` with the bytes at `at`, and with zeros past the end of `source`, as long as the last cluster of
/// `cluster_size` (a multiple of which its place is) begins before that end: Error(corrupt) if not. Returns how many
/// bytes were not in a hole; those that are missing count.
ByteCount padded_read(const ByteSource& source, ByteOffset at, ByteCount cluster_size, ByteSpan out);

/// The same for clusters at any place: the last one that `out` reaches into begins at `last_cluster`.
ByteCount padded_read(const ByteSource& source, ByteOffset at, ByteOffset last_cluster, ByteSpan out);

}  // namespace varve
