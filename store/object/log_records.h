#pragma once
/// What log entries and checkpoints both hold: the record of a snapshot and the facts of a pack (FORMAT.md section 8).
/// Pure functions. Reading throws Error(corrupt) through the reader, writing Error(usage) for a text or list too long
/// for its field.

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/repository/log_entry.h"

namespace varve {

void write_snapshot(ByteWriter& to, const SnapshotRecord& snapshot);
/// Bytes after the last known field are left unread.
SnapshotRecord read_snapshot(ByteReader& from);

void write_pack_facts(ByteWriter& to, const PackFacts& pack);
PackFacts read_pack_facts(ByteReader& from);

/// As the u16 count of a list. Error(usage) when it does not fit.
std::uint16_t count16(std::size_t count);

}  // namespace varve
