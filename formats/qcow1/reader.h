#pragma once
/// A qcow image of version 1 without its backing file. Source: qemu block/qcow.c.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"
#include "formats/base/recent_extents.h"
#include "formats/base/two_level_map.h"
#include "formats/crypt/secret_file.h"
#include "formats/crypt/sector_cipher.h"
#include "formats/qcow1/header.h"

namespace varve::qcow1 {

class Reader final : public ImageReader {
public:
    struct Options {
        std::vector<std::string> warnings;  ///< how the image was opened; info().warnings begins with them
        crypt::Secret secret = {};
        bool is_for_facts_only = false;  ///< an encrypted image opens without a secret; then read() throws
    };

    /// Throws Error(corrupt | unsupported) for the header, Error(refused) for a missing or wrong secret.
    Reader(ByteSourcePtr source, const Options& options, std::shared_ptr<ReadCaches> caches);

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {bytes_read_.load(std::memory_order_relaxed)}; }
    void check_unchanged() const override { source_->check_unchanged(); }
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override { return source_->late_warnings(); }

private:
    void describe(const Options& options);
    void open_encryption(const Options& options);
    ByteCount read_data(const ClusterRun& run, ByteOffset at, ByteSpan out) const;
    void read_compressed(const ClusterRun& run, ByteOffset at, ByteSpan out) const;
    Bytes inflate(const ClusterRun& run) const;

    ByteSourcePtr source_;
    Header header_;
    std::shared_ptr<ReadCaches> caches_;
    std::uint64_t cache_owner_;
    TwoLevelMap map_;
    std::optional<crypt::SectorCipher> cipher_;
    ImageInfo info_;
    mutable RecentExtents recent_;
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace varve::qcow1
