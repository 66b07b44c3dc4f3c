#pragma once
/// A qcow2 image without its backing files: the active disk, or one of its internal snapshots with that snapshot's own
/// size. Source: qemu docs/interop/qcow2.txt. Reads versions 2 and 3; read_header() refuses what it does not read.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/image/image_reader.h"
#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"
#include "formats/base/recent_extents.h"
#include "formats/base/stored_extent.h"
#include "formats/qcow2/cluster_map.h"
#include "formats/qcow2/disk_state.h"
#include "formats/qcow2/encryption.h"
#include "formats/qcow2/header.h"

namespace varve::qcow2 {

class Reader final : public ImageReader {
public:
    /// Opens the external data file that an image names.
    using OpenDataFile = std::function<ByteSourcePtr(const std::string& name)>;

    struct Options {
        std::optional<std::string> snapshot;  ///< an internal snapshot's name or "id:N"; none: the active disk
        bool is_backing = false;              ///< snapshots and bitmaps of backing files are ignored
        std::vector<std::string>
            warnings;                 ///< sentences about how the image was opened; info().warnings begins with them
        OpenDataFile open_data_file;  ///< called once if the image has a data file; without it such an image is refused
        crypt::Secret secret = {};    ///< for an encrypted image
        bool is_for_facts_only = false;  ///< an encrypted image opens without a secret; then read() throws
    };

    /// Reads header, snapshot table and bitmap directory; throws Error(corrupt | unsupported | not_found | refused).
    /// Of an encrypted image it also derives the key, which takes time on purpose.
    Reader(ByteSourcePtr source, const Options& options, std::shared_ptr<ReadCaches> caches);

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {bytes_read_.load(std::memory_order_relaxed)}; }
    void check_unchanged() const override;
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override;

    /// The backing file's format as the image records it.
    const std::optional<std::string>& backing_format() const { return header_.extensions.backing_format; }

private:
    DiskState choose_state(const Options& options);
    void describe(const Options& options);
    Extent mapped_extent_at(ByteOffset at) const;
    StoredRun stored_run(ByteRange guest) const;
    void read_run(const HostRun& run, ByteOffset at, ByteSpan out) const;
    ByteCount read_data(const HostRun& run, ByteOffset at, ByteSpan out) const;
    void open_encryption(const Options& options);
    void read_compressed(const HostRun& run, ByteOffset at, ByteSpan out) const;
    Bytes inflate(const HostRun& run) const;

    const ByteSource& data() const { return data_file_ ? *data_file_ : *source_; }

    ByteSourcePtr source_;
    Header header_;
    ByteSourcePtr data_file_;  // null: guest data is in the image itself
    std::optional<Encryption> encryption_;
    std::shared_ptr<ReadCaches> caches_;
    std::uint64_t cache_owner_;
    ImageInfo info_;
    std::unique_ptr<ClusterMap> map_;
    mutable RecentExtents mapped_;  ///< as the tables have them
    mutable RecentExtents recent_;  ///< with the holes of the file below
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace varve::qcow2
