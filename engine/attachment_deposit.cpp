#include "engine/attachment_deposit.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/escape.h"

namespace varve {
namespace {

constexpr std::size_t name_bytes_max = 255;

bool is_name(const std::string& name) {
    const auto is_forbidden = [](char c) { return c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    return !name.empty() && name.size() <= name_bytes_max && name != "." && name != ".." && is_valid_utf8(name) &&
           std::none_of(name.begin(), name.end(), is_forbidden);
}

/// Whether the slot that the parent's attachment means today holds these bytes, and in which pack it lies.
std::optional<PackId> pack_with(const Catalog& catalog, const ChunkAddress& address, const ChunkId& id) {
    const auto now = catalog.current(address);
    if (!now) return std::nullopt;
    const auto table = catalog.slots(now->pack);
    if (now->slot >= table->slots.size() || table->slots[now->slot].kind != SlotKind::attachment ||
        table->slots[now->slot].id != id)
        return std::nullopt;
    return now->pack;
}

}  // namespace

void check_attachment_name(const std::string& name) {
    if (!is_name(name))
        throw Error(ErrorCode::usage,
                    fmt::format("'{}' can't be the name of an attachment: 1 to {} bytes of UTF-8 without '/' and "
                                "control characters are asked for; rename the file",
                                escape_for_display(name), name_bytes_max));
}

DepositedAttachments deposit_attachments(const std::vector<FileToAttach>& files, const SnapshotRecord* parent,
                                         PackSession& session, const Catalog& catalog) {
    DepositedAttachments deposited;
    std::set<PackId> hits;
    for (const FileToAttach& file : files) {
        VARVE_CHECK(is_name(file.name) && file.bytes.size() <= attachment_bytes_max);
        const ChunkId id = sha256(file.bytes);
        Attachment attachment{file.name, {}, file.bytes.size()};
        std::optional<PackId> pack;
        for (const Attachment& former : parent != nullptr ? parent->attachments : std::vector<Attachment>()) {
            if (pack || former.bytes != file.bytes.size()) continue;
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
