#pragma once
/// A range of another source as a separate source: a member of an archive, a partition of a disk.

#include "formats/base/byte_source.h"

namespace varve {

class WindowSource final : public ByteSource {
public:
    /// `range` must be inside `whole`.
    WindowSource(ByteSourcePtr whole, ByteRange range, std::string name)
        : whole_(std::move(whole)), range_(range), name_(std::move(name)) {}

    const std::string& name() const override { return name_; }
    std::string place(ByteOffset at) const override { return place_in(name_, at); }
    ByteCount size() const override { return range_.length; }
    void read_at(ByteOffset at, ByteSpan out) const override;
    Extent extent_at(ByteOffset at) const override;
    void check_unchanged() const override { whole_->check_unchanged(); }
    std::vector<std::string> late_warnings() const override { return whole_->late_warnings(); }
    SourceIdentity identity() const override;
    const File* file() const override { return whole_->file(); }

private:
    ByteOffset in_whole(ByteOffset at) const { return range_.begin + (at - ByteOffset{}); }

    ByteSourcePtr whole_;
    ByteRange range_;
    std::string name_;
};

}  // namespace varve
