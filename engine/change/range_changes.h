#pragma once
/// A change map made of a list: the ranges that may differ; everything else is unchanged. For change sources that know
/// their list in advance.

#include <vector>

#include "engine/change/change_map.h"

namespace varve {

class RangeChanges final : public ChangeMap {
public:
    /// The ranges come in any order and may overlap; what is past `size_now` is ignored. Bytes that the earlier
    /// state did not have may differ, whether listed or not.
    RangeChanges(std::vector<ByteRange> may_differ, ByteCount size_before, ByteCount size_now);

    ChangeRun change_at(ByteOffset at) const override;

    /// Ascending, none empty, disjoint and not adjacent.
    const std::vector<ByteRange>& may_differ() const { return may_differ_; }

private:
    std::vector<ByteRange> may_differ_;
    ByteOffset end_;
};

}  // namespace varve
