#pragma once
/// The chunks of an image as replacements: a disk that still has what a repository has lost.

#include <unordered_map>
#include <unordered_set>

#include "engine/base/progress.h"
#include "engine/image/image_reader.h"
#include "engine/prune/replacements.h"

namespace varve {

/// The ids of all chunks in packs in which something is damaged or missing, as far as this host knows: what a repair
/// may look for. Costs a query per pack.
std::unordered_set<ChunkId> ids_in_damaged_packs(const Repository& repository);

class ImageChunks final : public Replacements {
public:
    /// Reads the data of `image` once, and notes where the wanted chunks are. Borrows `image`. Throws what reading it
    /// throws, and Error(cancelled).
    ImageChunks(const ImageReader& image, const std::unordered_set<ChunkId>& wanted, Progress& progress,
                const std::stop_token& stop);

    bool may_have(const ChunkId& id) const override { return places_.contains(id); }
    std::optional<Bytes> get(const ChunkId& id) const override;

private:
    const ImageReader& image_;
    std::unordered_map<ChunkId, ChunkIndex> places_;
};

}  // namespace varve
