#pragma once
/// A change map that is a list: the ranges that may differ, all else is the same. For change sources that know their
/// list before anybody asks.

#include <vector>

#include "engine/change/change_map.h"

namespace varve {

class RangeChanges final : public ChangeMap {
public:
    /// The ranges come in any order and may overlap; what lies past `size_now` is left out. Bytes that the earlier
    /// state did not have may differ, whether listed or not.
    RangeChanges(std::vector<ByteRange> may_differ, ByteCount size_before, ByteCount size_now);

    ChangeRun change_at(ByteOffset at) const override;

    /// Ascending, none empty, apart from each other.
    const std::vector<ByteRange>& may_differ() const { return may_differ_; }

private:
    std::vector<ByteRange> may_differ_;
    ByteOffset end_;
};

}  // namespace varve
