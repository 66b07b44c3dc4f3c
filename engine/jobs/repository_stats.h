#pragma once
/// What a repository contains and how it grows, from the snapshots' own statistics and the packs' slot tables: no pack
/// is opened, and no map is read unless ReferencedBytes::count asks for the maps of the newest snapshots.
///
/// The terms, here and in `varve stats`; a forgotten snapshot counts in none of the first five:
///   virtual      the sum of the snapshots' sizes: what restoring each of them to raw would take
///   changed      guest bytes of the 64 KiB chunks in which a snapshot differs from the one before it; for a first one,
///                of all chunks with data
///   stored       bytes that the snapshots added to the repository when they were taken, metadata included. What two
///                disks share counts for the disk that came first
///   reused       guest bytes of the changed chunks that were already in the repository, from whichever disk: this disk
///                would have to store them if it were alone, and so would the others if it went away
///   dedup        changed chunks with data per chunk that had to be stored: 1 means that nothing was found elsewhere.
///                Of the disks together only: the order of the backups decides how it falls on each of them. (What a
///                snapshot shares with the one before it is not changed, so it is in neither number)
///   compression  chunks that were stored × 64 KiB, per byte stored: compression and patches, less the metadata
///   growth       stored by all snapshots except each disk's oldest: per snapshot, the mean; per day, over the time
///                from the oldest to the newest if that is a day or more. Of several disks: the sum per day, the mean
///                of all per snapshot. Nothing for a disk with one snapshot
///   referenced   guest bytes of the chunks with data of the newest snapshot
/// Of the packs: those that a log entry names and none condemned, whether or not a live snapshot still uses them.

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
    std::uint64_t snapshots = 0;  ///< those that count: all except each disk's oldest
    ByteCount stored;             ///< by them
    double bytes_per_day = 0;     ///< 0 when `has_days` is false
    bool has_days = false;        ///< oldest and newest are a day or more apart

    std::optional<double> bytes_per_snapshot() const;
};

/// Of the snapshots of one disk, or summed over several disks.
struct SnapshotStats {
    std::uint64_t snapshots = 0;
    ByteCount virtual_bytes;
    ByteCount changed;
    ByteCount stored;
    std::uint64_t chunks_new = 0;
    std::uint64_t chunks_reused = 0;
    Growth growth;
    std::optional<ByteCount> referenced;  ///< of the newest; set only on request

    /// nullopt when nothing was stored.
    std::optional<double> dedup_ratio() const;
    std::optional<double> compression_ratio() const;
    ByteCount reused() const;  ///< the last chunk of a disk counts as a whole one
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
    PackTotal uncommitted;      ///< as far as this host knows; from running or killed backups
    std::uint64_t chunks = 0;   ///< chunks in the data packs
    std::uint64_t patches = 0;  ///< those of them stored as a difference from another chunk

    ByteCount bytes() const { return data.bytes + metadata.bytes; }
    ByteCount bytes_on_disk() const { return bytes() + uncommitted.bytes; }  ///< without the log's few KiB
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

/// Costs one slot table per pack.
PackStats pack_stats(const Catalog& catalog);

/// Of these disks, or of all when the list is empty. Throws Error(not_found) for a disk without a snapshot.
RepositoryStats repository_stats(const Repository& repository, const std::vector<std::string>& disks,
                                 ReferencedBytes referenced, Progress& progress, const std::stop_token& stop);

}  // namespace varve
