#pragma once
/// Whatever can say, without reading guest data, what may differ from a former state of a disk (DESIGN.md section 5).
/// The word that connects two nights is the token: made when a state is backed up, kept with its snapshot, and asked
/// about when a later state is. Its bytes mean something to the kind of source that made it and to nothing else.

#include <memory>
#include <string>

#include "engine/base/bytes.h"
#include "engine/change/change_map.h"

namespace varve {

/// What a change source knows about a former state.
struct ChangesSince {
    std::unique_ptr<ChangeMap> map;  ///< null: it can't tell
    std::string kind;  ///< beside a map, its kind as a snapshot records it: "thin", "qcow2-snapshots", ...
    /// Beside null: one sentence for the user about why a state that was to be compared with is of no use any more;
    /// empty when the token is of another kind, so that nothing was to be expected.
    std::string why_not;
};

class ChangeSource {
public:
    virtual ~ChangeSource() = default;

    /// Names the state that is open, so that it is known again; empty when no later state can be compared with it.
    /// At most 64 KiB.
    virtual Bytes token() const = 0;

    /// What may differ between the state that is open and the one that `token` names. Costs metadata only. A token that
    /// does not fit in every part is answered with "can't tell"; it is untrusted. Throws Error(corrupt | io).
    virtual ChangesSince changed_since(ByteView token) const = 0;
};

}  // namespace varve
