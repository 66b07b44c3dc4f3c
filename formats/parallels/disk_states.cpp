#include "formats/parallels/disk_states.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/base/excerpt.h"

namespace varve::parallels {
namespace {

constexpr std::size_t states_max = 256;
constexpr std::size_t names_listed_max = 20;

std::string listed_snapshots(const DiskDescriptor& disk) {
    std::string names;
    std::size_t count = 0;
    for (const Shot& shot : disk.shots) {
        if (shot.guid == disk.top) continue;
        if (count++ == names_listed_max) return names + ", …";
        names += fmt::format("{}'{}'", names.empty() ? "" : ", ", shot.guid.text());
    }
    return names.empty() ? "it has none" : "it has " + names;
}

}  // namespace

std::vector<Uuid> states_beneath(const DiskDescriptor& disk, const Uuid& state, const std::string& where) {
    std::map<Uuid, Uuid> parents;
    for (const Shot& shot : disk.shots) parents.emplace(shot.guid, shot.parent);
    std::vector<Uuid> states;
    for (Uuid next = state; !next.is_null();) {
        const auto found = parents.find(next);
        if (found == parents.end())
            throw corrupt_descriptor(where, fmt::format("expected a Shot with the GUID {}, found none", next.text()));
        if (states.size() == states_max)
            throw Error(ErrorCode::refused,
                        fmt::format("{}: the state {} is based on more than {} others; delete some snapshots", where,
                                    state.text(), states_max - 1));
        states.push_back(next);
        next = found->second;
        if (std::ranges::find(states, next) != states.end())
            throw corrupt_descriptor(where, fmt::format("the Shot {} is based on itself", next.text()));
    }
    return states;
}

Uuid select_state(const DiskDescriptor& disk, const std::optional<std::string>& selector, const std::string& where) {
    if (!selector) return disk.top;
    std::string_view name = *selector;
    if (name.starts_with("id:")) name.remove_prefix(3);
    const auto guid = parse_uuid(name);
    const auto is_wanted = [&](const Shot& shot) { return guid == shot.guid && shot.guid != disk.top; };
    if (std::ranges::find_if(disk.shots, is_wanted) != disk.shots.end()) return *guid;
    throw Error(ErrorCode::not_found,
                guid == disk.top
                    ? fmt::format("{}: '{}' is the current state: omit --snapshot", where, excerpt(*selector))
                    : fmt::format("{} has no snapshot '{}', snapshots are named by their GUIDs: {}", where,
                                  excerpt(*selector), listed_snapshots(disk)));
}

}  // namespace varve::parallels
