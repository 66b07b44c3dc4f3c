#include "engine/jobs/finding.h"

#include <algorithm>

namespace varve {

Finding finding_at(const SnapshotRecord& snapshot, std::string kind, std::uint64_t begin, std::uint64_t end,
                   std::string object, std::string message) {
    Finding finding;
    finding.kind = std::move(kind);
    finding.object = std::move(object);
    finding.snapshot = snapshot.id.hex();
    finding.disk = snapshot.disk;
    finding.offset = std::min(begin, snapshot.size.value);
    finding.length = std::min(end, snapshot.size.value) - finding.offset;
    finding.message = std::move(message);
    return finding;
}

void merge_neighbours(std::vector<Finding>& findings) {
    std::vector<Finding> merged;
    for (Finding& finding : findings) {
        if (!merged.empty() && finding.length != 0) {
            Finding& last = merged.back();
            if (last.kind == finding.kind && last.snapshot == finding.snapshot && last.object == finding.object &&
                last.offset + last.length == finding.offset) {
                last.length += finding.length;
                continue;
            }
        }
        merged.push_back(std::move(finding));
    }
    findings = std::move(merged);
}

}  // namespace varve
