#pragma once
/// Which chunks of a disk a backup may take from its parent snapshot unread: those of which a change map reports every
/// byte unchanged. Immutable; safe from many threads, as the map is.

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/change/change_map.h"
#include "engine/repository/chunk.h"

namespace varve {

class InheritedChunks {
public:
    /// `changes` compares the source with the parent snapshot and is borrowed; null: nothing is inherited.
    InheritedChunks(const ChangeMap* changes, ByteCount size, ByteCount parent_size);

    /// The end of the run of whole leaves from `leaf` on that are all inherited; nullopt when `leaf` itself is not.
    std::optional<std::uint64_t> leaves_from(std::uint64_t leaf) const;

    /// For each of `count` chunks from `first` on, whether it is inherited. Empty when none is.
    std::vector<bool> chunks(ChunkIndex first, std::size_t count) const;

private:
    /// The end of the unchanged run from `at` on, looking no further than `limit`.
    ByteOffset same_until(ByteOffset at, ByteOffset limit) const;

    const ChangeMap* changes_;
    /// Where inheriting must stop: a chunk in which one of the two disks ends is padded there, so it differs.
    ByteOffset end_;
    bool is_whole_disk_;  ///< both disks end at the same byte: the last, padded chunk is inherited like any other
    ByteCount size_;
};

}  // namespace varve
