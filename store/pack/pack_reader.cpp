#include "store/pack/pack_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/repository/slot_record.h"
#include "store/pack/pack_names.h"

namespace varve {
namespace {

constexpr std::size_t read_piece_bytes = 1u << 20;

[[noreturn]] void fail_pack(const std::string& object, const std::string& message) {
    throw Error(ErrorCode::corrupt, fmt::format("{}: {}", object, message));
}

/// Frames must be between header and slot table, and hold only what this kind of pack may hold.
void check_table(const SlotTable& table, const PackHeader& header, const PackFooter& footer,
                 const std::string& object) {
    if (!table.frames.empty()) {
        const Frame& last = table.frames.back();
        if (table.frames.front().offset < header.header_bytes)
            fail_pack(object, fmt::format("expected frames from offset {}, found one at {}", header.header_bytes,
                                          table.frames.front().offset));
        if (last.offset + last.header_bytes + last.stored_bytes > footer.table_offset)
            fail_pack(object, fmt::format("expected frames up to offset {}, found one that ends at {}",
                                          footer.table_offset, last.offset + last.header_bytes + last.stored_bytes));
    }
    for (const Slot& slot : table.slots)
        if (is_data(slot.kind) != (header.kind == PackKind::data))
            fail_pack(object, fmt::format("a pack of kind {} holds a slot of kind {}", static_cast<int>(header.kind),
                                          static_cast<int>(slot.kind)));
}

}  // namespace

PackReader::PackReader(const Backend& backend, const PackId& id)
    : backend_(backend), id_(id), name_(pack_name(id)), object_(fmt::format("pack file '{}'", backend.locate(name_))) {}

ByteCount PackReader::size() const {
    const auto size = backend_.size(name_);
    if (!size)
        throw Error(ErrorCode::not_found, fmt::format("{} is missing; 'varve verify' reports what it held", object_));
    if (size->value < pack_header_bytes + pack_footer_bytes || size->value > pack_bytes_max)
        fail_pack(object_, fmt::format("expected {} to {} bytes, found {}", pack_header_bytes + pack_footer_bytes,
                                       pack_bytes_max, size->value));
    return *size;
}

PackHeader PackReader::read_header(const RepositoryId& repository) const {
    std::array<std::byte, pack_header_bytes> bytes;
    read({}, bytes);
    const PackHeader header = parse_pack_header(bytes, object_);
    if (header.pack != id_) fail_pack(object_, fmt::format("expected pack {}, found {}", id_.hex(), header.pack.hex()));
    if (header.repository != repository)
        fail_pack(object_, fmt::format("expected a pack of repository {}, found one of {}", repository.hex(),
                                       header.repository.hex()));
    return header;
}

StoredPack PackReader::read_trailer(const RepositoryId& repository) const {
    const ByteCount file_bytes = size();
    const PackHeader header = read_header(repository);
    std::array<std::byte, pack_footer_bytes> last;
    read(ByteOffset{file_bytes.value - pack_footer_bytes}, last);
    const PackFooter footer = parse_pack_footer(last, file_bytes.value, object_);
    if (footer.pack != id_)
        fail_pack(object_, fmt::format("expected a footer of pack {}, found {}", id_.hex(), footer.pack.hex()));
    Bytes tail(footer.table_bytes + pack_footer_bytes);
    read({footer.table_offset}, tail);
    check_tail(footer, tail, object_);
    auto table = std::make_shared<const SlotTable>(
        parse_slot_table(ByteView(tail).first(footer.table_bytes),
                         fmt::format("{}, slot table at offset {}", object_, footer.table_offset)));
    check_table(*table, header, footer, object_);
    return {{id_, header.kind, footer.digest, file_bytes}, std::move(table)};
}

Digest PackReader::compute_digest() const {
    Sha256 hasher;
    const std::uint64_t end = size().value - sha256_bytes;
    Bytes piece(std::min<std::uint64_t>(read_piece_bytes, end));
    for (std::uint64_t at = 0; at < end;) {
        const ByteSpan part = ByteSpan(piece).first(std::min<std::uint64_t>(piece.size(), end - at));
        read({at}, part);
        hasher.update(part);
        at += part.size();
    }
    return hasher.finish();
}

void PackReader::read(ByteOffset at, ByteSpan out) const {
    try {
        backend_.get_range(name_, at, out);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_found) throw;
        throw Error(ErrorCode::not_found, fmt::format("{} is missing; 'varve verify' reports what it held", object_));
    }
}

}  // namespace varve
