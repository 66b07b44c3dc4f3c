#include "formats/guard/file_source.h"

#include <fcntl.h>

namespace varve {

FileSource::FileSource(File file)
    : file_(std::move(file)), watch_(file_), has_holes_(file_.kind() == FileKind::regular) {}

Extent FileSource::extent_at(ByteOffset at) const {
    if (has_holes_) {
        if (const auto rest = recent_.rest_from(at)) return *rest;
    }
    const ByteOffset end = ByteOffset{} + file_.size();
    if (!has_holes_ && at < end) return {at, end - at, ExtentKind::data};
    const FileRun run = file_.run_at(at);
    const Extent extent{at, run.range.end() - at, run.is_hole ? ExtentKind::unallocated : ExtentKind::data};
    recent_.remember(extent);
    return extent;
}

ByteSourcePtr open_file_source(const std::string& path) {
    return std::make_shared<const FileSource>(File::open(path, O_RDONLY));
}

}  // namespace varve
