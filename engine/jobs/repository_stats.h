#pragma once
/// What a repository holds and how it grows, from the snapshots' own statistics and the packs' slot tables: no pack is
/// opened and no map is read, unless ReferencedBytes::count asks for the maps of the newest snapshots.
///
/// The words, here and in `varve stats`; a snapshot that was forgotten counts in none of the first four:
///   virtual      sizes of the snapshots, added: what restoring each of them to raw would take
///   changed      guest bytes of the 64 KiB chunks in which a snapshot differs from the one before it; of a first one:
///                of all chunks with data
///   stored       bytes that the snapshots added to the repository when they were taken, metadata included. What two
///                disks share counts with the one that came first
///   dedup        changed chunks with data per chunk that had to be stored: 1 means that nothing was found elsewhere.
///   (What
///                a night has in common with the night before is not changed, and in neither number)
///   compression  chunks that were stored × 64 KiB, per byte stored: compression and patches, less the metadata
///   growth       stored by all snapshots but each disk's oldest: per snapshot, their mean; per day, over the time from
///                the oldest to the newest. Of several disks: the sum per day, the mean of all per snapshot. Nothing
///                for a disk with one snapshot
///   referenced   guest bytes of the chunks with data of the newest snapshot
/// Of the packs: those that a log entry names and none condemned, whether a live snapshot still uses them or not.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/progress.h"
#include "engine/repository/catalog.h"
#include "engine/repository/repository.h"

namespace varve {

struct Growth {
    std::uint64_t snapshots = 0;  ///< those that count: all but each disk's oldest
    ByteCount stored;             ///< by them
    double bytes_per_day = 0;     ///< 0 where `days` is not known
    bool has_days = false;        ///< oldest and newest are of different times

    std::optional<double> bytes_per_snapshot() const;
};

/// Of the snapshots of one disk, or of several disks added.
struct SnapshotStats {
    std::uint64_t snapshots = 0;
    ByteCount virtual_bytes;
    ByteCount changed;
    ByteCount stored;
    std::uint64_t chunks_new = 0;
    std::uint64_t chunks_reused = 0;
    Growth growth;
    std::optional<ByteCount> referenced;  ///< of the newest; none unless asked for

    /// None where nothing was stored.
    std::optional<double> dedup_ratio() const;
    std::optional<double> compression_ratio() const;
};

struct DiskStats {
    std::string disk;
    ByteCount size;  ///< of the newest snapshot
    TimeNs oldest = 0;
    TimeNs newest = 0;
    SnapshotStats snapshots;
};

struct PackTotal {
    std::uint64_t count = 0;
    ByteCount bytes;
};

/// Of the whole repository.
struct PackStats {
    PackTotal data;
    PackTotal metadata;
    PackTotal uncommitted;      ///< as far as this host knows: of running or killed backups
    std::uint64_t chunks = 0;   ///< chunks in the data packs
    std::uint64_t patches = 0;  ///< those of them that are stored as what differs from another

    ByteCount bytes() const { return data.bytes + metadata.bytes; }
    std::optional<double> compression_ratio() const;
    std::optional<double> metadata_share() const;  ///< metadata bytes per byte
};

struct RepositoryStats {
    PackStats packs;
    SnapshotStats total;  ///< of `disks`
    std::vector<DiskStats> disks;
};

enum class ReferencedBytes { skip, count };

/// Of one disk: its snapshots as the catalog lists them, oldest first, at least one.
DiskStats disk_stats(std::span<const ListedSnapshot> snapshots);

/// Costs one slot table a pack.
PackStats pack_stats(const Catalog& catalog);

/// Of these disks, or of all when none is named. Throws Error(not_found) for a disk without a snapshot.
RepositoryStats repository_stats(const Repository& repository, const std::vector<std::string>& disks,
                                 ReferencedBytes referenced, Progress& progress, const std::stop_token& stop);

}  // namespace varve
