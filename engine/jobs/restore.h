#pragma once
/// The restore job: writes every byte of a snapshot to an image writer; zero and unallocated ranges remain so, and the
/// image is as thin as the source was. Before the first byte, the snapshot's size and map are proved by its root; then
/// each chunk is checked against its id.

#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "engine/base/progress.h"
#include "engine/image/image_reader.h"
#include "engine/image/image_writer.h"
#include "engine/jobs/finding.h"
#include "engine/repository/log_entry.h"
#include "engine/repository/repository.h"

namespace varve {

enum class OnDamage {
    fail,
    write_zeros,  ///< save what is left: see IntactReader
};

/// Calls writer.finish() at the end; throws before that when anything is wrong, naming disk, offset and pack. With
/// `range`, which check_range() accepted, only those bytes of the disk, from the image's byte 0 on. Warns about bytes
/// that could not be read from the snapshot's source. With OnDamage::write_zeros, returns what is missing from the
/// image, and warns of it; throws Error(corrupt) when nothing is left of the snapshot.
std::vector<Finding> restore(const Repository& repository, const SnapshotRecord& snapshot, ImageWriter& writer,
                             Progress& progress, const std::stop_token& stop,
                             const std::optional<ByteRange>& range = std::nullopt, OnDamage on_damage = OnDamage::fail);

/// The snapshot as restore() reads it in `range`. Borrows both.
std::unique_ptr<ImageReader> image_to_restore(const Repository& repository, const SnapshotRecord& snapshot,
                                              ByteRange range, OnDamage on_damage);

/// The attachment's bytes, as read_attachment(); nullopt, and a finding added to `lost`, when they are damaged and that
/// is allowed.
std::optional<Bytes> attachment_to_restore(const ChunkStore& chunks, const Attachment& attachment, OnDamage on_damage,
                                           std::vector<Finding>& lost);

/// Throws Error(refused) that states the disk's size when `range` is not inside the disk.
void check_range(const SnapshotRecord& snapshot, ByteRange range);

}  // namespace varve
