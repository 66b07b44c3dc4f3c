#pragma once
/// Names of snapshots: `DISK@latest` (what the last backup of the disk's active state read), `DISK@~N` (N before it, in
/// the order of the log), `DISK@WHEN` (the newest not after it), or an id or a prefix of at least 4 hex digits. The
/// last '@' separates disk and point; a text without '@' is an id.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/naming/point_name.h"
#include "engine/repository/catalog.h"

namespace varve {

/// A whole id or the beginning of one, in lower case.
struct SnapshotByPrefix {
    std::string hex;
    friend bool operator==(const SnapshotByPrefix&, const SnapshotByPrefix&) = default;
};

using SnapshotName = std::variant<PointName, SnapshotByPrefix>;

/// Throws Error(usage) for anything but a snapshot name; for a bare disk name the text suggests DISK@latest.
SnapshotName parse_snapshot_name(std::string_view text);

/// The snapshot that `text` names. Throws Error(not_found) when there is none, Error(refused) with the candidates when
/// a prefix matches several, and what parse_snapshot_name() throws.
ListedSnapshot find_snapshot(const Catalog& catalog, std::string_view text);

/// What find_snapshot() finds for each of `texts`, in their order, without duplicates.
std::vector<ListedSnapshot> find_snapshots(const Catalog& catalog, const std::vector<std::string>& texts);

}  // namespace varve
