#include "store/backend_session.h"

#include "engine/base/byte_writer.h"
#include "engine/base/check.h"
#include "engine/repository/slot_record.h"
#include "store/pack/pack_names.h"

namespace varve {
namespace {

/// A slot-table copy as in FORMAT.md section 5.
Bytes slot_table_copy(const StoredPack& pack) {
    ByteWriter to;
    to.append(pack.facts.id.view());
    to.append(encode(*pack.slots));
    return to.release();
}

std::uint64_t bytes_in_pack_at_most(const FrameDraft& draft) {
    return frame_header_bytes(static_cast<std::uint32_t>(draft.slots.size()), 0) + draft.plain.size();
}

}  // namespace

BackendSession::BackendSession(Backend& backend, const RepositoryId& repository, const SessionLimits& limits)
    : backend_(backend), repository_(repository), limits_(limits), metadata_(backend, repository, limits) {
    VARVE_CHECK(limits.chunks_per_frame > 0 && limits.chunks_per_frame * chunk_bytes <= data_frame_plain_bytes_max);
    VARVE_CHECK(limits.slots_per_pack >= limits.chunks_per_frame && limits.slots_per_pack <= slots_per_pack_max);
}

ChunkAddress BackendSession::put_chunk(const ChunkId& id, const Fingerprint& fingerprint, ByteView plain) {
    VARVE_CHECK(!finished_ && plain.size() == chunk_bytes);
    if (!draft_) begin_frame();
    Slot slot;
    slot.id = id;
    slot.fingerprint = fingerprint;
    slot.kind = SlotKind::chunk;
    const ChunkAddress address{pack_, draft_->add(slot, plain)};
    ++next_slot_;
    if (draft_->slots.size() == limits_.chunks_per_frame) submit_frame();
    return address;
}

/// Decides which pack gets the next frame. One size is settled per frame, in order, even if more are known, so that the
/// decision, and with it every address, depends only on the bytes.
void BackendSession::begin_frame() {
    if (pipeline_ == nullptr) pipeline_ = std::make_unique<DataPipeline>(backend_, repository_, limits_);
    if (out_.size() == limits_.frames_in_flight) settle_oldest();
    const bool is_full =
        pack_bytes_ >= limits_.pack_bytes.value || next_slot_ + limits_.chunks_per_frame > limits_.slots_per_pack;
    if (pack_.is_none() || is_full) begin_pack();
    draft_.emplace();
    draft_->pack = pack_;
    draft_->ordinal = next_frame_;
    draft_->first_slot = next_slot_;
    draft_->plain.reserve(limits_.chunks_per_frame * chunk_bytes);
}

void BackendSession::begin_pack() {
    pack_ = PackId::make();
    pack_bytes_ = 0;
    next_frame_ = 0;
    next_slot_ = 0;
}

void BackendSession::submit_frame() {
    const std::uint64_t estimated = bytes_in_pack_at_most(*draft_);
    pipeline_->submit(std::move(*draft_));
    draft_.reset();
    out_.push_back({pack_, estimated});
    pack_bytes_ += estimated;
    ++next_frame_;
}

/// Waits for the oldest frame to be written, which also bounds memory, and replaces its estimated size by the real one.
void BackendSession::settle_oldest() {
    const ByteCount bytes = pipeline_->take_written();
    const OutFrame frame = out_.front();
    out_.pop_front();
    if (frame.pack == pack_) pack_bytes_ = pack_bytes_ - frame.estimated_bytes + bytes.value;
}

ChunkAddress BackendSession::put_metadata(SlotKind kind, ByteView plain) {
    VARVE_CHECK(!finished_);
    if (pipeline_ != nullptr) pipeline_->check();
    return metadata_.put(kind, plain);
}

std::vector<StoredPack> BackendSession::take_durable() {
    collect_durable();
    std::vector<StoredPack> fresh(written_.begin() + static_cast<std::ptrdiff_t>(taken_), written_.end());
    taken_ = written_.size();
    return fresh;
}

void BackendSession::adopt(const StoredPack& pack) {
    VARVE_CHECK(!finished_ && pack.facts.kind == PackKind::data);
    adopted_.push_back(pack);
}

std::vector<StoredPack> BackendSession::finish() {
    VARVE_CHECK(!finished_);
    if (draft_) submit_frame();
    if (pipeline_ != nullptr) pipeline_->finish();
    collect_durable();
    finished_ = true;
    for (const StoredPack& pack : adopted_) backend_.make_durable(pack_name(pack.facts.id));
    std::vector<StoredPack> packs = written_;
    packs.insert(packs.end(), adopted_.begin(), adopted_.end());
    for (const StoredPack& pack : packs) metadata_.put(SlotKind::slot_table, slot_table_copy(pack));
    for (StoredPack& pack : metadata_.commit()) {
        bytes_stored_ += pack.facts.size;
        packs.push_back(std::move(pack));
    }
    return packs;
}

void BackendSession::collect_durable() {
    if (pipeline_ == nullptr) return;
    for (StoredPack& pack : pipeline_->take_durable()) {
        bytes_stored_ += pack.facts.size;
        written_.push_back(std::move(pack));
    }
}

}  // namespace varve
