#include "store/pack/metadata_packs.h"

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "engine/repository/slot_record.h"

namespace varve {

MetadataPacks::MetadataPacks(Backend& backend, const RepositoryId& repository, const SessionLimits& limits)
    : backend_(backend), repository_(repository), limits_(limits), encoder_(limits.zstd_level) {}

ChunkAddress MetadataPacks::put(SlotKind kind, ByteView plain) {
    VARVE_CHECK(!is_data(kind));
    if (plain.size() > frame_plain_bytes_max)
        throw Error(ErrorCode::usage, fmt::format("expected metadata of at most {} bytes, found {}",
                                                  frame_plain_bytes_max, plain.size()));
    if (draft_ && !fits(plain)) flush_frame();
    if (!draft_) begin_frame();
    Slot slot;
    slot.id = sha256(plain);
    slot.kind = kind;
    return {draft_->pack, draft_->add(slot, plain)};
}

bool MetadataPacks::fits(ByteView plain) const {
    return draft_->plain.size() + plain.size() <= limits_.metadata_frame_bytes &&
           draft_->first_slot + draft_->slots.size() < limits_.slots_per_pack;
}

void MetadataPacks::begin_frame() {
    const bool is_full = writers_.empty() || writers_.back()->bytes() >= limits_.pack_bytes ||
                         writers_.back()->slots().slots.size() >= limits_.slots_per_pack;
    if (is_full)
        writers_.push_back(std::make_unique<PackWriter>(backend_, repository_, PackId::make(), PackKind::metadata));
    draft_.emplace();
    draft_->pack = writers_.back()->id();
    draft_->ordinal = static_cast<std::uint32_t>(writers_.back()->slots().frames.size());
    draft_->first_slot = static_cast<std::uint32_t>(writers_.back()->slots().slots.size());
}

void MetadataPacks::flush_frame() {
    writers_.back()->append(encoder_.encode(std::move(*draft_)));
    draft_.reset();
}

std::vector<StoredPack> MetadataPacks::commit() {
    if (draft_) flush_frame();
    std::vector<StoredPack> packs;
    for (const auto& writer : writers_) packs.push_back(writer->commit());
    writers_.clear();
    return packs;
}

}  // namespace varve
