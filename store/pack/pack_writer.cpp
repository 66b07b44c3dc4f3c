#include "store/pack/pack_writer.h"

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "store/pack/pack_names.h"

namespace varve {

PackWriter::PackWriter(Backend& backend, const RepositoryId& repository, const PackId& id, PackKind kind)
    : id_(id), kind_(kind), upload_(backend.upload(pack_name(id))) {
    PackHeader header;
    header.kind = kind;
    header.repository = repository;
    header.pack = id;
    append_hashed(encode(header));
}

void PackWriter::append(EncodedFrame frame) {
    VARVE_CHECK(frame.pack == id_ && frame.header.ordinal == table_.frames.size() &&
                frame.header.frame.first_slot == table_.slots.size());
    frame.header.frame.offset = position_;
    append_hashed(frame.bytes);
    table_.frames.push_back(frame.header.frame);
    table_.slots.insert(table_.slots.end(), frame.header.slots.begin(), frame.header.slots.end());
    table_.patch_bases.insert(table_.patch_bases.end(), frame.header.patch_bases.begin(),
                              frame.header.patch_bases.end());
}

StoredPack PackWriter::commit() {
    append_hashed(encode_tail(encode(table_), position_, id_));
    const Digest digest = hasher_.finish();
    upload_->append(digest.view());
    position_ += digest.bytes.size();
    if (upload_->commit() == PutResult::exists)
        throw Error(
            ErrorCode::conflict,
            fmt::format("pack {} already exists, although its name is random; run the command again", id_.hex()));
    upload_.reset();
    return {{id_, kind_, digest, {position_}}, std::make_shared<const SlotTable>(std::move(table_))};
}

void PackWriter::append_hashed(ByteView bytes) {
    upload_->append(bytes);
    hasher_.update(bytes);
    position_ += bytes.size();
}

}  // namespace varve
