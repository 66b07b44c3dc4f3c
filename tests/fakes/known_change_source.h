#pragma once
/// A change source that can compare with one former state only, by a map that the test provides.

#include <algorithm>

#include "engine/base/random.h"
#include "engine/change/change_source.h"
#include "engine/repository/log_entry.h"

namespace varve::fakes {

/// A token that no other snapshot has.
inline Bytes unique_token() {
    Bytes token(16);
    random_bytes(token);
    return token;
}

class KnownChangeSource final : public ChangeSource {
public:
    /// `map` compares the source with `former`, which has a change token; borrowed.
    KnownChangeSource(const SnapshotRecord& former, const ChangeMap& map, std::string kind)
        : former_(former.change_token), map_(&map), kind_(std::move(kind)) {}

    Bytes token() const override { return unique_token(); }

    ChangesSince changed_since(ByteView token) const override {
        if (!std::ranges::equal(token, former_)) return {};
        return {std::make_unique<Borrowed>(*map_), kind_, {}};
    }

private:
    class Borrowed final : public ChangeMap {
    public:
        explicit Borrowed(const ChangeMap& map) : map_(map) {}
        ChangeRun change_at(ByteOffset at) const override { return map_.change_at(at); }

    private:
        const ChangeMap& map_;
    };

    Bytes former_;
    const ChangeMap* map_;
    std::string kind_;
};

}  // namespace varve::fakes
