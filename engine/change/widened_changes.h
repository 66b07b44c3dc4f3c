#pragma once
/// A change map that reports some ranges as changed whatever the map below it reports: what the earlier state's copy
/// has lost must be read again.

#include <memory>
#include <vector>

#include "engine/change/change_map.h"
#include "engine/change/range_changes.h"

namespace varve {

class WidenedChanges final : public ChangeMap {
public:
    /// `lost` comes in any order and may overlap; what is past `size_now` is ignored.
    WidenedChanges(std::unique_ptr<ChangeMap> below, std::vector<ByteRange> lost, ByteCount size_now)
        : below_(std::move(below)), lost_(std::move(lost), size_now, size_now) {}

    ChangeRun change_at(ByteOffset at) const override {
        const ChangeRun lost = lost_.change_at(at);
        if (lost.may_differ) return lost;
        ChangeRun run = below_->change_at(at);
        run.length = std::min(run.length, lost.length);
        return run;
    }

private:
    std::unique_ptr<ChangeMap> below_;
    RangeChanges lost_;
};

}  // namespace varve
