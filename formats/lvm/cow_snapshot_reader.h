#pragma once
/// The contents of a classic snapshot: chunks from its store where it has them, from the origin elsewhere. An origin
/// into which a snapshot is being merged reads the same way, over what the store still holds: the kernel presents it
/// like this from the moment the merge begins.

#include <atomic>
#include <memory>

#include "engine/image/image_reader.h"
#include "formats/lvm/exception_store.h"

namespace varve::lvm {

class CowSnapshotReader final : public ImageReader {
public:
    /// The origin must be at least as long as the snapshot, and both origin and store must be from the same moment.
    CowSnapshotReader(std::shared_ptr<const ImageReader> origin, std::shared_ptr<const ExceptionStore> store);

    const ImageInfo& info() const override { return info_; }
    /// A hole of the store's device inside a stored chunk is `zero`, because the chunk hides the origin.
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {bytes_read_.load(std::memory_order_relaxed)}; }
    void check_unchanged() const override;
    std::vector<ByteRange> unreadable() const override;
    std::vector<std::string> late_warnings() const override { return {}; }

private:
    /// Bytes that are contiguous in the store or in the origin.
    struct Piece {
        bool is_stored = false;
        ByteOffset at;
        ByteCount length;
    };

    Piece piece_at(ByteOffset at) const;
    Extent piece_extent(ByteOffset at) const;
    /// Returns how many bytes came from the medium.
    ByteCount read_piece(const Piece& piece, ByteSpan out) const;

    std::shared_ptr<const ImageReader> origin_;
    std::shared_ptr<const ExceptionStore> store_;
    ImageInfo info_;
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace varve::lvm
