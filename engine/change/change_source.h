#pragma once
/// Knows, without reading guest data, what may differ from a former state of a disk.
/// A token connects two states: it is made when a state is backed up, kept with its snapshot, and looked up
/// when a later state is backed up. Its bytes have a meaning only to the kind of source that made it.

#include <memory>
#include <string>

#include "engine/base/bytes.h"
#include "engine/change/change_map.h"

namespace varve {

/// What a change source knows about a former state.
struct ChangesSince {
    std::unique_ptr<ChangeMap> map;  ///< null: unknown
    std::string kind;  ///< beside a map, its kind as a snapshot records it: "thin", "qcow2-snapshots", ...
    /// With a null map: one sentence for the user about why a state to compare with has become unusable;
    /// empty when the token is of another kind, so that no comparison was to be expected.
    std::string why_not;
};

class ChangeSource {
public:
    virtual ~ChangeSource() = default;

    /// Identifies the open state, so that it can be recognised later; empty when no later state can be compared with
    /// it. At most 64 KiB.
    virtual Bytes token() const = 0;

    /// What may differ between the open state and the one that `token` identifies. Costs metadata only. The result is
    /// "unknown" for a token that does not match in every part; tokens are untrusted. Throws Error(corrupt | io).
    virtual ChangesSince changed_since(ByteView token) const = 0;
};

}  // namespace varve
