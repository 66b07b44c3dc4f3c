#include "engine/backup/read_estimate.h"

#include <algorithm>

#include "engine/image/extent_walk.h"
#include "engine/repository/chunk.h"

namespace varve {
namespace {

ByteCount data_in(const ImageReader& source, ByteOffset begin, ByteOffset end) {
    ByteCount data;
    for_each_extent(source, {begin, end - begin}, [&](const Extent& extent) {
        if (extent.kind == ExtentKind::data) data += extent.length;
    });
    return data;
}

}  // namespace

ByteCount data_to_read(const ImageReader& source, const ChangeMap& changes, const std::stop_token& stop) {
    ByteCount data;
    const ByteOffset end = ByteOffset{} + source.info().virtual_size;
    for (ByteOffset at; at < end;) {
        throw_if_stopped(stop);
        const ChangeRun run = changes.change_at(at);
        at = run.end();
        if (!run.may_differ) continue;
        const ByteOffset begin{run.begin.value / chunk_bytes * chunk_bytes};
        at = std::min(ByteOffset{divide_up(run.end().value, chunk_bytes) * chunk_bytes}, end);
        data += data_in(source, begin, at);
    }
    return data;
}

}  // namespace varve
