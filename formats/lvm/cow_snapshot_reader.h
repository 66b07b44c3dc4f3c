#pragma once
/// What a classic snapshot shows: the chunks that its store keeps, and the origin's for all others. An origin that a
/// snapshot is being merged into reads the same way, over what the store still has: the kernel presents it so from the
/// moment on when the merge begins.

#include <atomic>
#include <memory>

#include "formats/lvm/exception_store.h"

namespace varve::lvm {

class CowSnapshotReader final : public ImageReader {
public:
    /// The origin is at least as long as the snapshot, and as it was at the same moment as the store.
    CowSnapshotReader(std::shared_ptr<const ImageReader> origin, std::shared_ptr<const ExceptionStore> store);

    const ImageInfo& info() const override { return info_; }
    /// A chunk that the store keeps is zero where the store's device has a hole: it hides the origin.
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {bytes_read_.load(std::memory_order_relaxed)}; }
    void check_unchanged() const override;
    std::vector<ByteRange> unreadable() const override;

private:
    /// Bytes from one place on that lie together in the store or in the origin.
    struct Piece {
        bool is_stored = false;
        ByteOffset at;
        ByteCount length;
    };

    Piece piece_at(ByteOffset at) const;
    Extent piece_extent(ByteOffset at) const;
    const ImageReader& device_of(const Piece& piece) const;

    std::shared_ptr<const ImageReader> origin_;
    std::shared_ptr<const ExceptionStore> store_;
    ImageInfo info_;
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace varve::lvm
