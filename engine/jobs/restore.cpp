#include "engine/jobs/restore.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/image/copy_image.h"
#include "engine/image/image_space.h"
#include "engine/image/window_reader.h"
#include "engine/jobs/intact_reader.h"
#include "engine/repository/attachment.h"
#include "engine/repository/map_proof.h"
#include "engine/repository/snapshot_reader.h"

namespace varve {
namespace {

ByteCount overlap(ByteRange a, ByteRange b) {
    const ByteOffset begin = std::max(a.begin, b.begin);
    const ByteOffset end = std::min(a.end(), b.end());
    return begin < end ? end - begin : ByteCount{};
}

/// What could not be read from the source is zeros here, and nothing in the image shows it.
void warn_of_unreadable(const SnapshotRecord& snapshot, ByteRange wanted, Progress& progress) {
    ByteCount bytes;
    for (const ByteRange& range : snapshot.unreadable) bytes += overlap(range, wanted);
    if (bytes.value == 0) return;
    progress.warn(
        fmt::format("{} bytes of disk '{}' could not be read when snapshot {} was taken and are zeros in what "
                    "is restored; `varve show` lists them",
                    bytes.value, snapshot.disk, short_id(snapshot.id)));
}

/// Returns the bytes of the image that are data.
ByteCount copy_part(const ImageReader& disk, ByteRange part, const std::string& name, ImageWriter& writer,
                    Progress& progress, const std::stop_token& stop) {
    const WindowReader wanted(disk, part);
    const ByteCount data = data_bytes(wanted, progress, stop);
    progress.begin(fmt::format("restoring {}", name), data);
    copy_image(wanted, writer, progress, stop);
    return data;
}

void copy_whole(const Repository& repository, const SnapshotRecord& snapshot, ByteRange part, ImageWriter& writer,
                Progress& progress, const std::stop_token& stop) {
    prove_map(repository.chunks, repository.catalog, snapshot, part);
    copy_part(SnapshotReader(repository.chunks, snapshot), part, snapshot.disk, writer, progress, stop);
}

/// Returns what could not be copied.
std::vector<Finding> copy_intact(const Repository& repository, const SnapshotRecord& snapshot, ByteRange part,
                                 ImageWriter& writer, Progress& progress, const std::stop_token& stop) {
    const IntactReader disk(repository, snapshot, part);
    const ByteCount data = copy_part(disk, part, snapshot.disk, writer, progress, stop);
    std::vector<Finding> findings = disk.findings();
    ByteCount lost, lost_data;
    for (const Finding& finding : findings) {
        lost += {finding.length};
        if (finding.kind == FindingKind::chunk_damaged) lost_data += {finding.length};
    }
    if (lost.value != 0 && lost_data == data)
        throw Error(ErrorCode::corrupt, fmt::format("nothing is left of it ({})", findings.front().message));
    if (lost.value != 0)
        progress.warn(fmt::format("{} bytes of disk '{}' are damaged in snapshot {} and are zeros in what is restored",
                                  lost.value, snapshot.disk, short_id(snapshot.id)));
    return findings;
}

}  // namespace

std::vector<Finding> restore(const Repository& repository, const SnapshotRecord& snapshot, ImageWriter& writer,
                             Progress& progress, const std::stop_token& stop, const std::optional<ByteRange>& range,
                             OnDamage on_damage) {
    const ByteRange part = range.value_or(ByteRange{{}, snapshot.size});
    try {
        std::vector<Finding> damage;
        if (on_damage == OnDamage::write_zeros)
            damage = copy_intact(repository, snapshot, part, writer, progress, stop);
        else
            copy_whole(repository, snapshot, part, writer, progress, stop);
        warn_of_unreadable(snapshot, part, progress);
        writer.finish();
        return damage;
    } catch (Error& error) {
        if (is_damaged_or_missing(error))
            error.with_context(
                fmt::format("cannot restore snapshot {} of disk '{}'", short_id(snapshot.id), snapshot.disk));
        throw;
    }
}

std::unique_ptr<ImageReader> image_to_restore(const Repository& repository, const SnapshotRecord& snapshot,
                                              ByteRange range, OnDamage on_damage) {
    if (on_damage == OnDamage::write_zeros) return std::make_unique<IntactReader>(repository, snapshot, range);
    return std::make_unique<SnapshotReader>(repository.chunks, snapshot);
}

std::optional<Bytes> attachment_to_restore(const ChunkStore& chunks, const Attachment& attachment, OnDamage on_damage,
                                           std::vector<Finding>& lost) {
    try {
        return read_attachment(chunks, attachment);
    } catch (const Error& error) {
        if (on_damage == OnDamage::fail || !is_damaged_or_missing(error)) throw;
        Finding finding;
        finding.kind = FindingKind::attachment_damaged;
        finding.object = slot_name(attachment.address);
        finding.message = error.what();
        lost.push_back(std::move(finding));
        return std::nullopt;
    }
}

void check_range(const SnapshotRecord& snapshot, ByteRange range) {
    const ByteOffset end = ByteOffset{} + snapshot.size;
    if (range.begin <= end && range.length <= end - range.begin) return;
    throw Error(
        ErrorCode::refused,
        fmt::format("the range of {} bytes at offset {} ends past disk '{}', which has {} bytes in snapshot {}",
                    range.length.value, range.begin.value, snapshot.disk, snapshot.size.value, short_id(snapshot.id)));
}

}  // namespace varve
