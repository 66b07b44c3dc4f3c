#include "engine/backup/attachment_deposit.h"

#include <set>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/repository/slot_in_force.h"

namespace varve {
namespace {

/// The pack that holds the parent's attachment today, if that still has these bytes.
std::optional<PackId> pack_with(const Catalog& catalog, const ChunkAddress& address, const ChunkId& id) {
    const auto found = SlotsInForce(catalog).find(address);
    if (!found || found->slot().kind != SlotKind::attachment || found->slot().id != id) return std::nullopt;
    return found->address.pack;
}

}  // namespace

void check_attachment_name(const std::string& name) {
    if (const auto fault = attachment_name_fault(name))
        throw Error(ErrorCode::usage, fmt::format("the attachment name '{}' {}; rename the file", name, *fault));
}

DepositedAttachments deposit_attachments(const std::vector<FileToAttach>& files, const SnapshotRecord* parent,
                                         PackSession& session, const Catalog& catalog, Soundness& soundness) {
    DepositedAttachments deposited;
    std::set<PackId> hits;
    for (const FileToAttach& file : files) {
        VARVE_CHECK(!attachment_name_fault(file.name) && file.bytes.size() <= attachment_bytes_max.value);
        const ChunkId id = sha256(file.bytes);
        Attachment attachment{file.name, {}, file.bytes.size()};
        std::optional<PackId> pack;
        for (const Attachment& former : parent != nullptr ? parent->attachments : std::vector<Attachment>()) {
            if (pack || former.bytes != file.bytes.size() || soundness.culprit(former.address)) continue;
            pack = pack_with(catalog, former.address, id);
            attachment.address = former.address;
        }
        if (pack)
            hits.insert(*pack);
        else
            attachment.address = session.put_metadata(SlotKind::attachment, file.bytes);
        deposited.attachments.push_back(std::move(attachment));
    }
    deposited.hit_packs.assign(hits.begin(), hits.end());
    return deposited;
}

}  // namespace varve
