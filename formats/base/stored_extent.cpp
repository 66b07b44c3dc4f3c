#include "formats/base/stored_extent.h"

#include <algorithm>

#include "engine/base/check.h"

namespace varve {
namespace {

constexpr int runs_merged_max = 256;

/// A piece of `guest` of one kind, within one stored run and one extent of the file.
Extent piece_at(const ByteSource& file, ByteRange guest, const StoredRunAt& run_at) {
    const StoredRun first = run_at({guest.begin, ByteCount{1}});
    if (!first.place || first.place->value >= file.size().value)
        return {guest.begin, run_at(guest).length, ExtentKind::data};
    const Extent below = file.extent_at(*first.place);
    const ByteCount length = run_at({guest.begin, std::min(guest.length, below.length)}).length;
    return {guest.begin, length, below.kind == ExtentKind::data ? ExtentKind::data : ExtentKind::zero};
}

}  // namespace

Extent stored_extent(const ByteSource& file, ByteRange guest, const StoredRunAt& run_at) {
    VARVE_CHECK(!guest.empty());
    Extent extent = piece_at(file, guest, run_at);
    for (int runs = 1; runs < runs_merged_max && extent.end() < guest.end(); ++runs) {
        const Extent next = piece_at(file, {extent.end(), guest.end() - extent.end()}, run_at);
        if (next.kind != extent.kind) break;
        extent.length += next.length;
    }
    return extent;
}

}  // namespace varve
