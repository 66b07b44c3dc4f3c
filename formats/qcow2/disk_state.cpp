#include "formats/qcow2/disk_state.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/byte_writer.h"
#include "engine/base/digest.h"
#include "engine/base/hex.h"
#include "formats/base/image_error.h"

namespace varve::qcow2 {
namespace {

constexpr std::uint64_t piece_bytes = 64 << 10;

void add_text(ByteWriter& out, const std::string& text) {
    out.u64be(text.size());
    out.append(bytes_of(text));
}

void add_l1_without_copied(const ByteSource& file, const TablePlace& l1, Sha256& hash) {
    const ByteRange table = l1.range();
    Bytes buffer(static_cast<std::size_t>(std::min(piece_bytes, table.length.value)));
    for (std::uint64_t at = 0; at < table.length.value; at += buffer.size()) {
        const std::uint64_t length = std::min<std::uint64_t>(buffer.size(), table.length.value - at);
        const ByteSpan piece = ByteSpan(buffer).first(static_cast<std::size_t>(length));
        file.read_at(table.begin + ByteCount{at}, piece);
        for (std::size_t entry = 0; entry < piece.size(); entry += 8) piece[entry] &= std::byte{0x7f};
        hash.update(piece);
    }
}

std::string identity_of(const ByteSource& file, const Snapshot& snapshot) {
    ByteWriter facts;
    add_text(facts, snapshot.facts.id);
    add_text(facts, snapshot.facts.name);
    facts.u64be(static_cast<std::uint64_t>(snapshot.facts.time_ns));
    facts.u64be(snapshot.facts.size.value);
    Sha256 hash;
    hash.update(facts.view());
    add_l1_without_copied(file, snapshot.l1, hash);
    return to_hex(hash.finish().view());
}

}  // namespace

DiskState choose_state(const ByteSource& file, const Header& header, const SnapshotTable& snapshots,
                       const std::optional<std::string>& selector) {
    if (!selector) return {header.l1, header.virtual_size, {}};
    if (header.has_data_file())
        throw unsupported_image(file, "internal snapshots with an external data file, which cannot hold two states");
    const Snapshot& chosen = select_snapshot(file, snapshots, *selector);
    check_l1(file, header, chosen.l1, chosen.facts.size, fmt::format("snapshot '{}'", chosen.facts.id));
    return {chosen.l1, chosen.facts.size, identity_of(file, chosen)};
}

}  // namespace varve::qcow2
