#include "cli/backup/disk_mixup.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "cli/render/render_snapshot.h"
#include "cli/terminal/human_size.h"
#include "engine/base/error.h"
#include "engine/image/disk_identity.h"
#include "engine/naming/history.h"
#include "engine/repository/snapshot_reader.h"

namespace varve {
namespace {

constexpr std::uint64_t chunks_compared_min = 16;  // fewer prove nothing
constexpr std::size_t disks_searched_max = 64;

/// The latest snapshot of every disk.
std::vector<ListedSnapshot> latest_of_all(const std::vector<ListedSnapshot>& snapshots) {
    std::vector<ListedSnapshot> latest;
    for (auto begin = snapshots.begin(); begin != snapshots.end();) {
        const auto end = std::find_if(begin, snapshots.end(),
                                      [&](const ListedSnapshot& s) { return s.record.disk != begin->record.disk; });
        latest.push_back(latest_of(std::span(begin, end)));
        begin = end;
    }
    return latest;
}

std::string identity_in(const Repository& repository, const SnapshotRecord& snapshot) {
    try {
        return disk_identity(SnapshotReader(repository.chunks, snapshot));
    } catch (const Error& error) {
        if (error.code() == ErrorCode::catalog_damaged || error.code() == ErrorCode::cancelled) throw;
        return "";
    }
}

std::string identity_in(const ImageReader& image) {
    try {
        return disk_identity(image);
    } catch (const Error&) {
        return "";  // the backup itself meets this error and reports it
    }
}

void warn_of_path(const std::vector<ListedSnapshot>& all, const BackupRequest& request, Progress& progress) {
    const std::string& path = request.source.path;
    if (path == "-") return;
    for (const ListedSnapshot& other : all)
        if (other.record.disk != request.disk && other.record.source.path == path)
            progress.warn(
                fmt::format("'{}' was last backed up as disk '{}' and is now backed up as '{}': check that the "
                            "disks are not swapped",
                            path, other.record.disk, request.disk));
}

void warn_of_identity(const Repository& repository, const SnapshotRecord& own, const BackupRequest& request,
                      const ImageReader& image, Progress& progress) {
    const std::string now = identity_in(image);
    const std::string then = now.empty() ? "" : identity_in(repository, own);
    if (then.empty() || then == now) return;
    std::string owner;
    const std::vector<ListedSnapshot> all = latest_of_all(repository.catalog.snapshots());
    for (std::size_t i = 0; i < std::min(all.size(), disks_searched_max) && owner.empty(); ++i)
        if (all[i].record.disk != request.disk && identity_in(repository, all[i].record) == now)
            owner = all[i].record.disk;
    progress.warn(fmt::format("'{}' does not look like disk '{}': it has the {}, and {} has the {}{}",
                              request.source.path, request.disk, now, title_of(own), then,
                              owner.empty() ? "" : fmt::format("; disk '{}' has the one found now", owner)));
}

void warn_of_new_name(const std::vector<ListedSnapshot>& all, const BackupRequest& request, Progress& progress) {
    std::vector<std::string> names;
    names.reserve(all.size());
    for (const ListedSnapshot& other : all) names.push_back(other.record.disk);
    const std::string known = resembling_disk(request.disk, names);
    if (!known.empty())
        progress.warn(fmt::format("disk '{}' is new and begins a history of its own; the repository also has '{}'",
                                  request.disk, known));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Lower case, without separators and without zeros before a number.
std::string plain_form(const std::string& name) {
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (c == '-' || c == '_' || c == '.' || c == ' ' || c == '/') continue;
        const bool leads =
            c == '0' && (out.empty() || !is_digit(out.back())) && i + 1 < name.size() && is_digit(name[i + 1]);
        if (!leads) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
}

bool is_drive_letter(const std::string& name, std::size_t at) {
    return at >= 2 && name[at - 1] == 'd' && std::string_view("vshu").find(name[at - 2]) != std::string_view::npos &&
           (at + 1 == name.size() || name[at + 1] == '/');
}

/// Whether one letter was missed, added, replaced or swapped with its neighbour; digits and drive letters count disks.
bool differs_by_typo(const std::string& a, const std::string& b) {
    constexpr std::size_t letters_min = 4;  // of short names, each is one letter from the next
    if (std::min(a.size(), b.size()) < letters_min) return false;
    const auto [from_a, from_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    const auto at = static_cast<std::size_t>(from_a - a.begin());
    std::size_t rest = 0;
    while (rest < std::min(a.size(), b.size()) - at && a[a.size() - 1 - rest] == b[b.size() - 1 - rest]) ++rest;
    const std::string in_a = a.substr(at, a.size() - at - rest);
    const std::string in_b = b.substr(at, b.size() - at - rest);
    if (std::ranges::any_of(in_a + in_b, is_digit)) return false;
    if (in_a.size() == 2 && in_b.size() == 2) return in_a[0] == in_b[1] && in_a[1] == in_b[0];
    if (in_a.size() + in_b.size() > 2 || in_a.size() > 1 || in_b.size() > 1) return false;
    const bool is_counted = in_a.size() == 1 && in_b.size() == 1 && (is_drive_letter(a, at) || at + 1 == a.size());
    return !is_counted;
}

}  // namespace

std::string resembling_disk(const std::string& name, const std::vector<std::string>& disks) {
    for (const std::string& disk : disks)
        if (disk != name && plain_form(disk) == plain_form(name)) return disk;
    for (const std::string& disk : disks)
        if (disk != name && differs_by_typo(name, disk)) return disk;
    return "";
}

void warn_of_mixup(const Repository& repository, const BackupRequest& request, const ImageReader& image,
                   Progress& progress) {
    const std::vector<ListedSnapshot> former = repository.catalog.last_snapshots(request.disk, 1);
    if (former.empty()) {
        const auto all = latest_of_all(repository.catalog.snapshots());
        warn_of_path(all, request, progress);
        warn_of_new_name(all, request, progress);
        return;
    }
    const SnapshotRecord& own = latest_of(former).record;
    if (own.source.path != request.source.path)
        warn_of_path(latest_of_all(repository.catalog.snapshots()), request, progress);
    if (image.info().virtual_size < own.size)
        progress.warn(fmt::format("disk '{}' has shrunk: '{}' has {} bytes, {} has {}", request.disk,
                                  request.source.path, image.info().virtual_size.value, title_of(own), own.size.value));
    warn_of_identity(repository, own, request, image, progress);
}

void warn_of_other_content(const SnapshotRecord& snapshot, Progress& progress) {
    const std::uint64_t changed = snapshot.statistics.bytes_changed;
    const std::uint64_t compared = std::max(snapshot.statistics.bytes_scanned, changed);
    const bool is_rescan = snapshot.change_detection.how == ChangeDetection::How::rescan;
    if (snapshot.parent.is_none() || !is_rescan || compared < chunks_compared_min * chunk_bytes) return;
    if (changed / 9 <= compared / 10) return;
    progress.warn(
        fmt::format("{} of the {} of data in '{}' differ from the backup before it: check that it is disk '{}'",
                    human_size({changed}), human_size({compared}), snapshot.source.path, snapshot.disk));
}

}  // namespace varve
