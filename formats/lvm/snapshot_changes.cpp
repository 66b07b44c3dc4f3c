#include "formats/lvm/snapshot_changes.h"

namespace varve::lvm {
namespace {

void append_stored(std::vector<ByteRange>& ranges, const ExceptionStore& store) {
    const std::uint64_t chunk_size = store.chunk_size().value;
    for (std::uint64_t chunk = 0; chunk < store.origin_chunks();) {
        const ExceptionStore::Run run = store.run_at(chunk);
        if (run.is_stored) ranges.push_back({{chunk * chunk_size}, {run.length * chunk_size}});
        chunk += run.length;
    }
}

}  // namespace

RangeChanges changes_to_origin(const ExceptionStore& snapshot, ByteCount origin_size) {
    std::vector<ByteRange> ranges;
    append_stored(ranges, snapshot);
    return {std::move(ranges), snapshot.size(), origin_size};
}

RangeChanges changes_to_snapshot(const ExceptionStore& before, const ExceptionStore& now) {
    std::vector<ByteRange> ranges;
    append_stored(ranges, before);
    append_stored(ranges, now);
    return {std::move(ranges), before.size(), now.size()};
}

}  // namespace varve::lvm
