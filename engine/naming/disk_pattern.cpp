#include "engine/naming/disk_pattern.h"

#include <fnmatch.h>

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/naming/nearest_word.h"

namespace varve {
namespace {

constexpr std::size_t disks_shown_max = 8;

std::string list_of(std::span<const std::string> disks) {
    std::string out;
    for (const std::string& disk : disks.first(std::min(disks.size(), disks_shown_max)))
        out += fmt::format("{}'{}'", out.empty() ? "" : ", ", disk);
    return disks.size() > disks_shown_max ? fmt::format("{} and {} more", out, disks.size() - disks_shown_max) : out;
}

}  // namespace

bool matches_disk(const std::string& pattern, const std::string& disk) {
    for (std::size_t end = disk.find('/');; end = disk.find('/', end + 1)) {
        const std::string part = disk.substr(0, end);
        if (part == pattern || ::fnmatch(pattern.c_str(), part.c_str(), 0) == 0) return true;
        if (end == disk.npos) return false;
    }
}

std::string advice_on_disks(std::span<const ListedSnapshot> snapshots, const std::string& pattern) {
    std::set<std::string> names;
    std::vector<std::string> of_machine;
    for (const ListedSnapshot& s : snapshots) {
        if (names.insert(s.record.disk).second && s.record.disk.starts_with(pattern + '/'))
            of_machine.push_back(s.record.disk);
        for (std::size_t end = s.record.disk.find('/'); end != s.record.disk.npos;
             end = s.record.disk.find('/', end + 1))
            names.insert(s.record.disk.substr(0, end));
    }
    if (names.empty()) return "it has no snapshots at all";
    if (!of_machine.empty()) return fmt::format("it has {} of a machine of that name", list_of(of_machine));
    const std::vector<std::string> all(names.begin(), names.end());
    if (const auto nearest = nearest_word(pattern, all)) return fmt::format("did you mean '{}'?", *nearest);
    return "`varve list` shows those that exist";
}

bool is_selected(std::span<const std::string> patterns, const std::string& disk) {
    return patterns.empty() ||
           std::ranges::any_of(patterns, [&](const std::string& pattern) { return matches_disk(pattern, disk); });
}

void check_disk_patterns(std::span<const ListedSnapshot> snapshots, std::span<const std::string> patterns) {
    for (const std::string& pattern : patterns)
        if (std::ranges::none_of(snapshots,
                                 [&](const ListedSnapshot& s) { return matches_disk(pattern, s.record.disk); }))
            throw Error(ErrorCode::not_found, fmt::format("the repository has no disk or machine '{}'; {}", pattern,
                                                          advice_on_disks(snapshots, pattern)));
}

std::vector<ListedSnapshot> snapshots_of_disks(const std::vector<ListedSnapshot>& all,
                                               const std::vector<std::string>& patterns) {
    check_disk_patterns(all, patterns);
    std::vector<ListedSnapshot> found;
    for (const ListedSnapshot& s : all)
        if (is_selected(patterns, s.record.disk)) found.push_back(s);
    return found;
}

}  // namespace varve
