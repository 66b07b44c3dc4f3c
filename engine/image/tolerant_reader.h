#pragma once
/// Continues where the medium has unreadable bytes, or the image is damaged: for `--read-errors zero`, which saves what
/// is left of a failing disk or of a cut or overwritten image. What cannot be read is zeros and is recorded.
///
/// A read that fails with Error(io) or Error(corrupt) is retried in halves, down to blocks of 4 KiB at 4 KiB-aligned
/// offsets of the disk (the page that the kernel reads at once): only blocks that fail on their own are given up. Once
/// given up, a block is never read again, so that all readers, and a restarted backup, get the same. Where the
/// allocation map is damaged, the place counts as data, up to the end of its cluster, and is then given up by read().
/// Any other error is passed on, and so is an error of an allocation map that the medium cannot read, and Error(io)
/// once more than `ranges_max` ranges or, for the medium's sake, `bytes_max` bytes have been given up: the medium is
/// then failing as a whole, or gone, or the image is no more than pieces.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/base/error.h"
#include "engine/image/image_reader.h"

namespace varve {

class TolerantReader final : public ImageReader {
public:
    static constexpr std::size_t block_bytes = 4096;
    static constexpr std::size_t ranges_max = 4096;
    static constexpr ByteCount bytes_max = mib(64);

    explicit TolerantReader(std::unique_ptr<ImageReader> source);

    const ImageInfo& info() const override { return source_->info(); }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return source_->bytes_read(); }
    void check_unchanged() const override { source_->check_unchanged(); }
    std::vector<ByteRange> unreadable() const override;
    std::vector<std::string> late_warnings() const override { return source_->late_warnings(); }

private:
    void read_or_halve(ByteOffset at, ByteSpan out) const;
    void give_up(ByteOffset at, ByteSpan out, const Error& error) const;
    Error too_much(const Error& last) const;
    ByteRange damaged_cluster(ByteOffset at) const;
    ByteRange next_given_up(ByteRange in) const;

    std::unique_ptr<ImageReader> source_;
    mutable std::atomic<bool> has_given_up_{false};
    mutable std::mutex mutex_;                                 // for what follows
    mutable std::map<std::uint64_t, std::uint64_t> given_up_;  ///< begin to end; neither touch nor overlap
    mutable ByteCount bytes_unreadable_;                       ///< of those, the ones that the medium could not read
};

}  // namespace varve
