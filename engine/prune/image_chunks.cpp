#include "engine/prune/image_chunks.h"

#include <algorithm>

#include "engine/image/image_space.h"

namespace varve {

std::unordered_set<ChunkId> ids_in_damaged_packs(const Repository& repository) {
    const KnownDamage none;
    const KnownDamage& damage = repository.known_damage != nullptr ? *repository.known_damage : none;
    std::unordered_set<ChunkId> ids;
    for (const ListedPack& pack : repository.catalog.packs()) {
        const PackId& id = pack.facts.id;
        if (pack.state != PackState::committed || pack.facts.kind != PackKind::data) continue;
        if (!damage.touches(id) && repository.chunks.pack_size(id) == pack.facts.size) continue;
        for (const Slot& one : repository.catalog.slots(id)->slots) ids.insert(one.id);
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
            const ChunkId id = sha256(read_chunk(next));
            if (wanted.contains(id)) places_.try_emplace(id, next);
        }
        read += extent.length;
        progress.advance(read);
    }
}

/// A whole chunk: zeros where the disk has no data, and past its end.
Bytes ImageChunks::read_chunk(std::uint64_t chunk) const {
    Bytes bytes(chunk_bytes);
    const ByteOffset begin{chunk * chunk_bytes};
    const ByteOffset end{std::min(begin.value + chunk_bytes, image_.info().virtual_size.value)};
    for (ByteOffset at = begin; at < end;) {
        const Extent extent = image_.extent_at(at);
        const ByteOffset stop = std::min(extent.end(), end);
        if (extent.kind == ExtentKind::data)
            image_.read(at, ByteSpan(bytes).subspan(static_cast<std::size_t>((at - begin).value),
                                                    static_cast<std::size_t>((stop - at).value)));
        at = stop;
    }
    return bytes;
}

std::optional<Bytes> ImageChunks::get(const ChunkId& id) const {
    const auto place = places_.find(id);
    if (place == places_.end()) return std::nullopt;
    Bytes content = read_chunk(place->second);
    if (sha256(content) != id) return std::nullopt;  // the image has changed since
    return content;
}

}  // namespace varve
