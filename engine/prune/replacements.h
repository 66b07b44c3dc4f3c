#pragma once
/// Where the content of damaged chunks may be had from, by its id: another slot of the repository, an image that still
/// has it, another repository.

#include <optional>
#include <utility>
#include <vector>

#include "engine/repository/chunk.h"
#include "engine/repository/repository.h"

namespace varve {

class Replacements {
public:
    virtual ~Replacements() = default;

    /// Whether get() is worth a call; reads no content.
    virtual bool may_have(const ChunkId& id) const = 0;

    /// The content of the whole chunk `id`, checked against it; nullopt when it cannot be had. Throws Error(io) when
    /// the medium fails.
    virtual std::optional<Bytes> get(const ChunkId& id) const = 0;
};

/// The slots of a repository: its own, in which a backup has stored the content again, or those of another one.
class StoredChunks final : public Replacements {
public:
    /// Borrows catalog, chunks and known damage of `repository`.
    explicit StoredChunks(const Repository& repository) : repository_(repository) {}

    bool may_have(const ChunkId& id) const override;
    std::optional<Bytes> get(const ChunkId& id) const override;

private:
    std::vector<ChunkAddress> places_of(const ChunkId& id) const;

    const Repository& repository_;
};

/// Several, asked one after the other.
class AllReplacements final : public Replacements {
public:
    /// Borrows all.
    explicit AllReplacements(std::vector<const Replacements*> all) : all_(std::move(all)) {}

    bool may_have(const ChunkId& id) const override;
    std::optional<Bytes> get(const ChunkId& id) const override;

private:
    const std::vector<const Replacements*> all_;
};

}  // namespace varve
