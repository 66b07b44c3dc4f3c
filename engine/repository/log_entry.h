#pragma once
/// The entries of the repository's log, the only source of truth and of order. Plain values; store/FORMAT.md section 8
/// defines the bytes. Texts in entries are untrusted: escape them before display.

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/random_id.h"
#include "engine/base/timestamp.h"
#include "engine/base/units.h"
#include "engine/repository/change_detection.h"
#include "engine/repository/chunk.h"
#include "engine/repository/pack.h"

namespace varve {

/// Entries are numbered from 1; 0 is "none yet".
using LogNumber = std::uint64_t;

/// A position in the log: the last entry read and the SHA-256 of its bytes. Before the first entry: 0 and the digest of
/// the repository id, so that an entry of another repository never matches.
struct LogHead {
    LogNumber number = 0;
    Digest digest;
    friend bool operator==(const LogHead&, const LogHead&) = default;
};

struct BackupStatistics {
    std::uint64_t bytes_scanned = 0;  ///< guest bytes read from the source to find and store changes
    std::uint64_t bytes_audited = 0;  ///< guest bytes read only to check a change source
    std::uint64_t bytes_changed = 0;  ///< guest bytes of chunks that differ from the parent
    std::uint64_t bytes_stored = 0;   ///< bytes added to the repository
    std::uint64_t chunks_new = 0;     ///< chunks stored
    std::uint64_t chunks_reused = 0;  ///< chunks that differ from the parent and were found elsewhere
    std::uint64_t duration_ns = 0;
    friend bool operator==(const BackupStatistics&, const BackupStatistics&) = default;
};

/// Where the bytes were read from.
struct SourceRecord {
    /// Canonical absolute path, or "-"; for a disk in an appliance followed by '/' and its name in there.
    std::string path;
    std::string format;                          ///< qemu-img's word
    std::string snapshot;                        ///< internal snapshot that was read; empty: the active state
    std::string state;                           ///< ImageInfo::state of that snapshot; empty: the active state
    std::map<std::string, std::string> options;  ///< creation options, so that a restore creates the same kind of image
    friend bool operator==(const SourceRecord&, const SourceRecord&) = default;
};

struct Attachment {
    std::string name;
    ChunkAddress address;
    std::uint64_t bytes = 0;
    friend bool operator==(const Attachment&, const Attachment&) = default;
};

/// One point in time of one disk. `group` and `attachments` are those of its commit.
struct SnapshotRecord {
    SnapshotId id;
    SnapshotId parent;  ///< none() for a first backup
    std::string disk;
    TimeNs time = 0;
    ByteCount size;
    Digest root;        ///< identity of the content: binds size and bytes
    Digest map_digest;  ///< digest of the root page
    ChunkAddress map;   ///< the root page
    SourceRecord source;
    ChangeDetection change_detection;
    Bytes change_token;  ///< opaque; for the change source of a later backup
    std::map<std::string, std::string> tags;
    BackupStatistics statistics;
    std::vector<Attachment> attachments;
    std::string group;                  ///< name of the group (a machine) that it belongs to; empty: none
    std::vector<ByteRange> unreadable;  ///< ascending: what could not be read and was stored as zeros
    friend bool operator==(const SnapshotRecord&, const SnapshotRecord&) = default;
};

/// Whether the snapshot is what its disk itself held, and not an internal snapshot of its image.
inline bool is_active_state(const SnapshotRecord& snapshot) { return snapshot.source.snapshot.empty(); }

/// Snapshots of one or several disks, committed together.
struct CommitEntry {
    std::vector<SnapshotRecord> snapshots;
    std::vector<PackFacts> packs;   ///< written, or adopted from a killed backup
    std::vector<PackId> hit_packs;  ///< older packs that gave a dedup hit or a patch base
    friend bool operator==(const CommitEntry&, const CommitEntry&) = default;
};

struct ForgetEntry {
    std::vector<SnapshotId> snapshots;
    friend bool operator==(const ForgetEntry&, const ForgetEntry&) = default;
};

/// From here on, content is elsewhere; what a condemned pack held and no table names is gone.
struct MoveEntry {
    std::vector<ChunkAddress> tables;  ///< move tables, in metadata packs
    std::vector<PackFacts> packs;      ///< new packs that the tables point into, and those of the tables
    std::vector<PackId> condemned;     ///< may be deleted once this entry is in the log
    friend bool operator==(const MoveEntry&, const MoveEntry&) = default;
};

struct TagEntry {
    SnapshotId snapshot;
    std::map<std::string, std::string> added;
    std::vector<std::string> removed;
    friend bool operator==(const TagEntry&, const TagEntry&) = default;
};

struct LogEntry {
    std::array<std::byte, 16> nonce{};  ///< random: a writer recognises its own entry by it after a lost reply
    TimeNs written = 0;                 ///< by the clock of the writing host, for people
    std::string host;
    std::string program;  ///< "varve 0.1.0"
    std::variant<CommitEntry, ForgetEntry, MoveEntry, TagEntry> body;
    friend bool operator==(const LogEntry&, const LogEntry&) = default;
};

/// An entry as read, with its place in the chain.
struct LogRecord {
    LogHead head;  ///< its number and the digest of its bytes
    LogEntry entry;
};

}  // namespace varve
