#pragma once
/// What may differ between a source and an earlier state of it, known without reading guest data.
/// A view that is queried range by range, like extents, so that it costs nothing for ranges no one asks about.
/// Immutable; safe from many threads.

#include "engine/base/units.h"

namespace varve {

/// A run of guest bytes that is unchanged, or may differ.
struct ChangeRun {
    ByteOffset begin;
    ByteCount length;
    bool may_differ = true;  ///< false: the same bytes as in the earlier state

    ByteOffset end() const { return begin + length; }
};

class ChangeMap {
public:
    virtual ~ChangeMap() = default;

    /// The run that begins at `at`, which is below the source's virtual size: never empty, never past the end. It
    /// need not be maximal. Bytes past the end of a smaller earlier state may differ. Throws Error(corrupt | io).
    virtual ChangeRun change_at(ByteOffset at) const = 0;
};

}  // namespace varve
