#pragma once
/// A file or block device as a source of bytes. It detects writes to the file while it is open.

#include "formats/base/byte_source.h"
#include "formats/base/recent_extents.h"
#include "formats/guard/file_watch.h"

namespace varve {

class FileSource final : public ByteSource {
public:
    /// `file` is a regular file, a block device, or a window of one. Reads its first 4 KiB for the watch. Throws
    /// Error(io).
    explicit FileSource(File file);

    const std::string& name() const override { return file_.path(); }
    std::string place(ByteOffset at) const override { return place_in(file_.path(), at); }
    ByteCount size() const override { return file_.size(); }
    void read_at(ByteOffset at, ByteSpan out) const override { file_.read_exactly(at, out); }
    /// A hole of a regular file is unallocated; everything else is data.
    Extent extent_at(ByteOffset at) const override;
    void check_unchanged() const override { watch_.check_unchanged(file_); }
    std::vector<std::string> late_warnings() const override { return {}; }
    SourceIdentity identity() const override { return {file_.identity(), file_.begin(), {}}; }
    const File* file() const override { return &file_; }

private:
    File file_;
    FileWatch watch_;
    bool has_holes_ = false;
    mutable RecentExtents recent_;
};

/// Opens `path` for reading. Throws what File::open() throws.
ByteSourcePtr open_file_source(const std::string& path);

}  // namespace varve
