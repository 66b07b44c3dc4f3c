#pragma once
/// A logical volume made of segments on other devices: linear, striped or zeros, in any mixture. It does not know the
/// metadata text: the caller has found the devices. Source: the kernel's device-mapper targets linear, striped and zero
/// (drivers/md/dm-linear.c, dm-stripe.c, dm-zero.c).
///
/// Stripe k of a segment with n legs is stripe k / n of leg k % n. Sizes need not be powers of two, and the last row of
/// stripes may be incomplete.

#include <atomic>
#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/base/byte_source.h"

namespace varve::lvm {

/// Where one stripe of a segment (or all of a linear one) begins.
struct SegmentLeg {
    ByteSourcePtr device;
    ByteOffset begin;
};

struct MappedSegment {
    ByteRange range;               ///< in the volume
    std::vector<SegmentLeg> legs;  ///< none: zeros, for which nothing is read
    ByteCount stripe_size;         ///< only used with two or more legs
};

class SegmentReader final : public ImageReader {
public:
    /// `name` ("vg/lv") is for error texts. The segments are contiguous from byte 0, and none is empty. Throws
    /// Error(corrupt) if a device ends before a segment does, so that a truncated physical volume is refused before
    /// anything is read, and if a striped segment has no stripe size.
    SegmentReader(std::string name, std::vector<MappedSegment> segments);

    const ImageInfo& info() const override { return info_; }
    /// Holes of the devices and zero segments are unallocated.
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {bytes_read_.load(std::memory_order_relaxed)}; }
    /// Checks each device once.
    void check_unchanged() const override;
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override { return {}; }

    const std::string& name() const { return name_; }

    /// Where a byte of the volume actually is: "'p0.raw' at byte 80793600 (byte 2150400 of 'vgt/pool_tmeta')". Accepts
    /// any offset.
    std::string place_of(ByteOffset at) const;

private:
    struct Piece;
    struct Run {
        ExtentKind kind = ExtentKind::unallocated;
        std::uint64_t length = 0;
    };

    void check_segment(std::size_t index);
    const MappedSegment& segment_at(ByteOffset at) const;
    static Piece piece_at(const MappedSegment& segment, std::uint64_t at);
    static Run run_at(const MappedSegment& segment, std::uint64_t at);
    static Run run_in_row(const MappedSegment& segment, std::uint64_t at);
    static std::uint64_t whole_rows(const MappedSegment& segment, std::uint64_t row, ExtentKind kind);

    std::string name_;
    std::vector<MappedSegment> segments_;
    std::vector<const ByteSource*> devices_;  // each once
    ImageInfo info_;
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

/// The volume as the source of what is stored in it.
ByteSourcePtr source_of(std::shared_ptr<const SegmentReader> volume);

}  // namespace varve::lvm
