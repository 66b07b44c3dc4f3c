#pragma once
/// The creation options of a qcow2 image: those of qemu-img, `compress`, which qemu-img has as -c, and `round_up`,
/// which it always does.

#include <chrono>

#include "formats/base/option_words.h"
#include "formats/output/preallocated_output.h"
#include "formats/qcow2/header.h"

namespace varve::qcow2 {

struct CreationOptions {
    unsigned cluster_bits = 16;  ///< 9..21
    unsigned version = 3;        ///< 2 or 3; qemu's compat 0.10 and 1.1
    bool extended_l2 = false;    ///< 32 subclusters per cluster, each allocated on its own
    bool lazy_refcounts = false;
    unsigned refcount_bits = 16;                  ///< a power of two, 1..64
    Compression compression = Compression::zlib;  ///< of clusters that are compressed
    bool compress = false;                        ///< compress the clusters that get smaller
    Preallocation preallocation = Preallocation::off;
    bool is_encrypted = false;  ///< by LUKS
    /// Of an encrypted image: how long deriving its key takes; none: crypt::default_iteration_time.
    std::optional<std::chrono::milliseconds> iteration_time = {};
    bool round_up = false;                           ///< a disk that ends inside a sector gets the rest of it, as zeros
    std::optional<std::string> backing_file = {};    ///< the name that the image records
    std::optional<std::string> backing_format = {};  ///< a format that is read

    ByteCount cluster_size() const { return {std::uint64_t{1} << cluster_bits}; }
    /// Parts of a cluster that can be data, zero or unallocated independently.
    unsigned subclusters() const { return extended_l2 ? 32 : 1; }
    ByteCount subcluster_size() const { return {cluster_size().value / subclusters()}; }
    /// The smallest independent part of a disk in the image: only whole clusters are compressed.
    ByteCount unit() const { return compress ? cluster_size() : subcluster_size(); }
    std::uint64_t l2_entry_bytes() const { return extended_l2 ? 16 : 8; }
    /// Guest bytes that one L2 table maps.
    std::uint64_t l2_reach() const { return cluster_size().value / l2_entry_bytes() * cluster_size().value; }
    bool has_zero_flag() const { return version >= 3; }
};

/// The options, in the order of the help.
std::vector<OptionWord> option_words();

/// Throws Error(usage) for an option or value that qcow2 does not have, and for combinations that qemu refuses.
CreationOptions parse_options(const OptionMap& options);

}  // namespace varve::qcow2
