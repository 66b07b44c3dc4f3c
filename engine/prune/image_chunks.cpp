#include "engine/prune/image_chunks.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/image/image_space.h"
#include "engine/prune/whole_chunk.h"

namespace varve {
namespace {

/// None when the slot table is lost, too.
void add_ids(const Catalog& catalog, const PackId& pack, std::unordered_set<ChunkId>& ids) {
    try {
        for (const Slot& one : catalog.slots(pack)->slots) ids.insert(one.id);
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
    }
}

}  // namespace

std::unordered_set<ChunkId> ids_in_damaged_packs(const Repository& repository) {
    const KnownDamage none;
    const KnownDamage& damage = repository.known_damage != nullptr ? *repository.known_damage : none;
    std::unordered_set<ChunkId> ids;
    for (const ListedPack& pack : repository.catalog.packs()) {
        const PackId& id = pack.facts.id;
        if (pack.state != PackState::committed || pack.facts.kind != PackKind::data) continue;
        if (!damage.touches(id) && repository.chunks.pack_size(id) == pack.facts.size) continue;
        add_ids(repository.catalog, id, ids);
    }
    return ids;
}

/// Chunk by chunk where there is data; a chunk that is partly zero or unallocated counts as a whole.
ImageChunks::ImageChunks(const ImageReader& image, const std::unordered_set<ChunkId>& wanted, Progress& progress,
                         const std::stop_token& stop)
    : image_(image) {
    if (wanted.empty()) return;
    progress.begin("reading", data_bytes(image, progress, stop));
    const ByteOffset end = ByteOffset{} + image.info().virtual_size;
    ByteCount read;
    std::uint64_t next = 0;  // chunk to look at
    for (ByteOffset at; at < end;) {
        throw_if_stopped(stop);
        const Extent extent = image.extent_at(at);
        at = extent.end();
        if (extent.kind != ExtentKind::data) continue;
        next = std::max(next, extent.begin.value / chunk_bytes);
        for (; next * chunk_bytes < extent.end().value; ++next) {
            const WholeChunk chunk = read_whole_chunk(image, {next});
            if (chunk.kind != MapKind::present) continue;
            if (const ChunkId id = sha256(chunk.bytes); wanted.contains(id)) places_.try_emplace(id, ChunkIndex{next});
        }
        read += extent.length;
        progress.advance(read);
    }
}

std::optional<Bytes> ImageChunks::get(const ChunkId& id) const {
    const auto place = places_.find(id);
    if (place == places_.end()) return std::nullopt;
    WholeChunk chunk = read_whole_chunk(image_, place->second);
    if (sha256(chunk.bytes) != id) return std::nullopt;  // the image has changed since
    return std::move(chunk.bytes);
}

}  // namespace varve
