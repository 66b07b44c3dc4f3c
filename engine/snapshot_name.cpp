#include "engine/snapshot_name.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/escape.h"
#include "engine/disk_name.h"
#include "engine/timestamp.h"

namespace varve {
namespace {

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

SnapshotByPrefix parse_prefix(std::string_view text) {
    const std::string shown = escape_for_display(text);
    if (text.empty()) throw Error(ErrorCode::usage, "a snapshot name is empty; say DISK@latest or a snapshot id");
    if (!is_hex(text))
        throw Error(ErrorCode::usage,
                    fmt::format("'{}' names no snapshot: without '@' it would be a snapshot id, and it "
                                "is not hexadecimal; for the newest snapshot of a disk say {}@latest",
                                shown, shown));
    if (text.size() < prefix_digits_min || text.size() > id_digits)
        throw Error(
            ErrorCode::usage,
            fmt::format("'{}' is no snapshot id: {} to {} hex digits are expected, {} were found; for the newest "
                        "snapshot of a disk say {}@latest",
                        shown, prefix_digits_min, id_digits, text.size(), shown));
    return {to_lower(text)};
}

std::uint64_t parse_steps(std::string_view text, std::string_view digits) {
    std::uint64_t steps = 0;
    const bool is_number = !digits.empty() && digits.size() <= 9 &&
                           std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!is_number)
        throw Error(ErrorCode::usage,
                    fmt::format("'{}' names no snapshot: a number is expected after '~', as in DISK@~1",
                                escape_for_display(text)));
    for (const char c : digits) steps = steps * 10 + static_cast<std::uint64_t>(c - '0');
    return steps;
}

std::vector<ListedSnapshot> snapshots_of(const Catalog& catalog, const std::string& disk) {
    auto found = catalog.snapshots(disk);
    if (found.empty())
        throw Error(ErrorCode::not_found,
                    fmt::format("the repository has no snapshot of a disk '{}'; `varve list` shows what it has",
                                escape_for_display(disk)));
    return found;
}

ListedSnapshot find(const Catalog& catalog, const SnapshotByAge& name) {
    const auto all = snapshots_of(catalog, name.disk);
    if (name.steps_back >= all.size())
        throw Error(ErrorCode::not_found,
                    fmt::format("disk '{}' has {} snapshot{}, so there is no @~{}; the oldest is @~{}",
                                escape_for_display(name.disk), all.size(), all.size() == 1 ? "" : "s", name.steps_back,
                                all.size() - 1));
    return all[all.size() - 1 - name.steps_back];
}

ListedSnapshot find(const Catalog& catalog, const SnapshotByTime& name) {
    const auto all = snapshots_of(catalog, name.disk);
    const TimeNs end = name.not_after + ns_per_second;
    const auto after = std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.record.time >= end; });
    if (after == all.begin())
        throw Error(ErrorCode::not_found, fmt::format("disk '{}' has no snapshot of {} or before; its first is of {}",
                                                      escape_for_display(name.disk), format_local(name.not_after),
                                                      format_local(all.front().record.time)));
    return *std::prev(after);
}

ListedSnapshot find(const Catalog& catalog, const SnapshotByPrefix& name) {
    const auto found = catalog.snapshots_by_prefix(name.hex);
    if (found.size() == 1) return found[0];
    if (found.empty())
        throw Error(
            ErrorCode::not_found,
            fmt::format("no snapshot's id begins with {}; if that is a disk, say {}@latest", name.hex, name.hex));
    std::string candidates;
    for (std::size_t i = 0; i < std::min(found.size(), candidates_shown_max); ++i) {
        const SnapshotRecord& r = found[i].record;
        candidates += fmt::format("{}{} ({} of {})", i == 0 ? "" : ", ", r.id.hex(), escape_for_display(r.disk),
                                  format_local(r.time));
    }
    if (found.size() > candidates_shown_max) candidates += ", ...";
    throw Error(ErrorCode::refused, fmt::format("the ids of {} snapshots begin with {}; say more digits of one of: {}",
                                                found.size(), name.hex, candidates));
}

}  // namespace

SnapshotName parse_snapshot_name(std::string_view text) {
    const std::size_t cut = text.rfind('@');
    if (cut == text.npos) return parse_prefix(text);
    const std::string disk(text.substr(0, cut));
    const std::string_view which = text.substr(cut + 1);
    check_disk_name(disk);
    if (which == "latest") return SnapshotByAge{disk, 0};
    if (which.starts_with('~')) return SnapshotByAge{disk, parse_steps(text, which.substr(1))};
    try {
        return SnapshotByTime{disk, parse_time(which)};
    } catch (Error& e) {
        throw Error(e.code(), fmt::format("'{}' names no snapshot: after '@' comes latest, ~N or a time, and {}",
                                          escape_for_display(text), e.what()));
    }
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
