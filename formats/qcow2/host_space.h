#pragma once
/// The clusters of a qcow2 file under construction, allocated from front to back. None is ever freed, so every cluster
/// before end() is in use exactly once: its refcount is 1.

#include "engine/base/check.h"
#include "engine/base/units.h"

namespace varve::qcow2 {

class HostSpace {
public:
    /// Cluster 0 belongs to the header from the start.
    explicit HostSpace(ByteCount cluster_size) : cluster_size_(cluster_size), end_{cluster_size.value} {}

    /// The start of `length` new contiguous bytes; `length` is a multiple of the cluster size.
    ByteOffset take(ByteCount length) {
        VARVE_CHECK(length.value % cluster_size_.value == 0);
        const ByteOffset begin = end_;
        end_ += length;
        return begin;
    }

    ByteOffset end() const { return end_; }
    ByteCount cluster_size() const { return cluster_size_; }

private:
    ByteCount cluster_size_;
    ByteOffset end_;
};

}  // namespace varve::qcow2
