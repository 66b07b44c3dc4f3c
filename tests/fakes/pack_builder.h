#pragma once
/// Writes one pack slot by slot, including patches, which sessions do not write yet.

#include "store/pack/pack_writer.h"
#include "tests/fakes/sample_chunk.h"

namespace varve {

class PackBuilder {
public:
    PackBuilder(Backend& backend, const RepositoryId& repository, PackKind kind,
                std::uint64_t fingerprint_seed = sample_fingerprint_seed)
        : writer_(backend, repository, PackId::make(), kind), fingerprints_(fingerprint_seed) {
        begin_frame();
    }

    ChunkAddress chunk(ByteView content) {
        Slot slot;
        slot.id = sha256(content);
        slot.fingerprint = fingerprints_.of(content);
        slot.kind = SlotKind::chunk;
        return add(slot, content);
    }

    /// The chunk `content` as a patch of `base`, which is at `base_address`; at most 8 blocks may differ.
    ChunkAddress patch(ByteView content, ByteView base, const ChunkAddress& base_address) {
        Slot slot;
        slot.id = sha256(content);
        slot.fingerprint = fingerprints_.of(content);
        slot.kind = SlotKind::patch;
        Bytes blocks;
        for (std::size_t block = 0; block < chunk_bytes / patch_block_bytes; ++block) {
            const ByteView now = content.subspan(block * patch_block_bytes, patch_block_bytes);
            if (std::equal(now.begin(), now.end(),
                           base.begin() + static_cast<std::ptrdiff_t>(block * patch_block_bytes)))
                continue;
            slot.patch_mask = static_cast<std::uint16_t>(slot.patch_mask | 1u << block);
            blocks.insert(blocks.end(), now.begin(), now.end());
        }
        const ChunkAddress address = add(slot, blocks);
        draft_.patch_bases.push_back({address.slot, base_address});
        return address;
    }

    ChunkAddress metadata(SlotKind kind, ByteView content) {
        Slot slot;
        slot.id = sha256(content);
        slot.kind = kind;
        return add(slot, content);
    }

    void end_frame() {
        if (draft_.slots.empty()) return;
        writer_.append(encoder_.encode(std::move(draft_)));
        begin_frame();
    }

    StoredPack commit() {
        end_frame();
        return writer_.commit();
    }

    const PackId& id() const { return writer_.id(); }

private:
    ChunkAddress add(const Slot& slot, ByteView content) { return {writer_.id(), draft_.add(slot, content)}; }

    void begin_frame() {
        draft_ = {};
        draft_.pack = writer_.id();
        draft_.ordinal = static_cast<std::uint32_t>(writer_.slots().frames.size());
        draft_.first_slot = static_cast<std::uint32_t>(writer_.slots().slots.size());
    }

    PackWriter writer_;
    const Fingerprinter fingerprints_;
    FrameEncoder encoder_{3};
    FrameDraft draft_;
};

}  // namespace varve
