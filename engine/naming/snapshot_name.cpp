#include "engine/naming/snapshot_name.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "engine/base/timestamp.h"
#include "engine/naming/disk_name.h"
#include "engine/naming/disk_pattern.h"
#include "engine/naming/history.h"

namespace varve {
namespace {

constexpr PointWords snapshot_words{"disk", "snapshot", "DISK"};
constexpr std::size_t prefix_digits_min = 4;
constexpr std::size_t id_digits = 32;
constexpr std::size_t candidates_shown_max = 8;

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
}

std::string to_lower(std::string_view hex) {
    std::string out(hex);
    for (char& c : out) {
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

/// Whether `text` looks like the name of a file ("out.qcow2", "/x", "dir/"), and not like a disk's.
bool looks_like_file(std::string_view text) {
    constexpr std::size_t extension_max = 6;
    const std::string_view name = text.substr(text.rfind('/') + 1);
    const std::size_t dot = name.rfind('.');
    return dot != name.npos && dot > 0 && dot + 1 < name.size() && name.size() - dot - 1 <= extension_max;
}

/// "; for the newest snapshot of a disk pass web01/vda@latest", unless that would be wrong as well.
std::string suggestion_for_disk(std::string_view text) {
    if (disk_name_fault(text) || looks_like_file(text)) return "";
    return fmt::format("; for the newest snapshot of a disk pass {}@latest", text);
}

SnapshotByPrefix parse_prefix(std::string_view text) {
    if (text.empty()) throw Error(ErrorCode::usage, "a snapshot name is empty; pass DISK@latest or a snapshot id");
    if (!is_hex(text))
        throw Error(ErrorCode::usage,
                    fmt::format("'{}' is not a snapshot: expected DISK@latest, DISK@~N, DISK@WHEN or a snapshot id{}",
                                text, suggestion_for_disk(text)));
    if (text.size() < prefix_digits_min || text.size() > id_digits)
        throw Error(ErrorCode::usage,
                    fmt::format("'{}' is not a snapshot id: expected {} to {} hex digits, found {}{}", text,
                                prefix_digits_min, id_digits, text.size(), suggestion_for_disk(text)));
    return {to_lower(text)};
}

std::vector<ListedSnapshot> snapshots_of(const Catalog& catalog, const std::string& disk) {
    auto found = catalog.snapshots(disk);
    if (found.empty())
        throw Error(ErrorCode::not_found, fmt::format("the repository has no snapshot of a disk '{}'; {}", disk,
                                                      advice_on_disks(catalog.snapshots(), disk)));
    return found;
}

/// The snapshot so many steps before the latest, found without reading the older ones; nullopt: the disk has fewer.
std::optional<ListedSnapshot> find_by_age(const Catalog& catalog, const std::string& disk, std::uint64_t steps_back) {
    constexpr std::uint64_t steps_max = 1'000'000;  // so that the count below cannot wrap around
    if (steps_back > steps_max) return std::nullopt;
    const auto steps = static_cast<std::size_t>(steps_back);
    auto last = in_history_order(catalog.last_snapshots(disk, steps + 1));
    if (last.size() <= steps) return std::nullopt;
    return std::move(last[last.size() - 1 - steps]);
}

ListedSnapshot find(const Catalog& catalog, const PointName& name) {
    if (const auto* age = std::get_if<PointByAge>(&name.which))
        if (auto found = find_by_age(catalog, name.name, age->steps_back)) return *std::move(found);
    const auto all = in_history_order(snapshots_of(catalog, name.name));
    std::vector<TimeNs> times;
    times.reserve(all.size());
    for (const ListedSnapshot& snapshot : all) times.push_back(snapshot.record.time);
    return all[find_point(name, times, snapshot_words)];
}

ListedSnapshot find(const Catalog& catalog, const SnapshotByPrefix& name) {
    const auto found = catalog.snapshots_by_prefix(name.hex);
    if (found.size() == 1) return found[0];
    if (found.empty())
        throw Error(ErrorCode::not_found,
                    fmt::format("no snapshot's id begins with {}{}", name.hex, suggestion_for_disk(name.hex)));
    std::string candidates;
    for (std::size_t i = 0; i < std::min(found.size(), candidates_shown_max); ++i) {
        const SnapshotRecord& r = found[i].record;
        candidates += fmt::format("{}{} ({} of {})", i == 0 ? "" : ", ", r.id.hex(), r.disk, format_local(r.time));
    }
    if (found.size() > candidates_shown_max) candidates += ", ...";
    throw Error(ErrorCode::refused, fmt::format("the ids of {} snapshots begin with {}; pass more digits of one of: {}",
                                                found.size(), name.hex, candidates));
}

}  // namespace

SnapshotName parse_snapshot_name(std::string_view text) {
    if (auto point = parse_point_name(text, snapshot_words)) return *std::move(point);
    return parse_prefix(text);
}

ListedSnapshot find_snapshot(const Catalog& catalog, std::string_view text) {
    return std::visit([&](const auto& name) { return find(catalog, name); }, parse_snapshot_name(text));
}

std::vector<ListedSnapshot> find_snapshots(const Catalog& catalog, const std::vector<std::string>& texts) {
    std::vector<ListedSnapshot> found;
    for (const std::string& text : texts) {
        ListedSnapshot snapshot = find_snapshot(catalog, text);
        const auto is_same = [&](const ListedSnapshot& s) { return s.record.id == snapshot.record.id; };
        if (std::none_of(found.begin(), found.end(), is_same)) found.push_back(std::move(snapshot));
    }
    return found;
}

}  // namespace varve
