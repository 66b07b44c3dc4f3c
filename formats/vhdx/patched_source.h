#pragma once
/// A file as it is after its log has been replayed, without writing to it: pages and ranges of zeros in memory over the
/// file's bytes. Built by one thread; then immutable and safe from many.

#include <map>
#include <vector>

#include "formats/base/byte_source.h"

namespace varve::vhdx {

class PatchedSource final : public ByteSource {
public:
    static constexpr std::size_t page_bytes = 4096;

    explicit PatchedSource(ByteSourcePtr file) : file_(std::move(file)), size_(file_->size()) {}

    // In the order in which they happened; places and lengths are multiples of page_bytes.
    void put_page(ByteOffset at, Bytes page);
    void put_zeros(ByteRange range);
    /// The file is at least so long; what it does not have reads as zeros.
    void extend_to(ByteCount size);

    const std::string& name() const override { return file_->name(); }
    std::string place(ByteOffset at) const override { return file_->place(at); }
    ByteCount size() const override { return std::max(size_, file_->size()); }
    void read_at(ByteOffset at, ByteSpan out) const override;
    Extent extent_at(ByteOffset at) const override;
    void check_unchanged() const override { file_->check_unchanged(); }
    std::vector<std::string> late_warnings() const override { return file_->late_warnings(); }
    SourceIdentity identity() const override { return file_->identity(); }
    const File* file() const override { return file_->file(); }

private:
    ByteSourcePtr file_;
    ByteCount size_;
    std::map<std::uint64_t, Bytes> pages_;          ///< by their places
    std::map<std::uint64_t, std::uint64_t> zeros_;  ///< disjoint: from the first byte to the one after the last
};

}  // namespace varve::vhdx
