#include "store/object/records.h"

#include <limits>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"

namespace varve {
namespace {

constexpr std::uint16_t critical_flag = 1;

}  // namespace

void RecordWriter::record(std::uint16_t type, RecordNeed need, const std::function<void(ByteWriter&)>& fill) {
    ByteWriter fields;
    fill(fields);
    if (fields.size() > std::numeric_limits<std::uint32_t>::max())
        throw Error(ErrorCode::usage, fmt::format("a record of {} bytes is too long", fields.size()));
    body_.u16le(type);
    body_.u16le(need == RecordNeed::critical ? critical_flag : 0);
    body_.u32le(static_cast<std::uint32_t>(fields.size()));
    body_.append(fields.view());
}

void read_records(ByteView body, const std::string& object,
                  const std::function<bool(std::uint16_t, ByteReader&)>& take) {
    ByteReader from(body, object);
    while (from.remaining() != 0) {
        const std::uint16_t type = from.u16le();
        const std::uint16_t flags = from.u16le();
        const std::uint32_t length = from.u32le();
        ByteReader fields(from.take(length), fmt::format("{}, record of type {}", object, type));
        if (!take(type, fields) && (flags & critical_flag) != 0)
            throw Error(ErrorCode::unsupported,
                        fmt::format("{} holds a record of unknown type {}: written by a newer varve; use that version",
                                    object, type));
    }
}

void write_text(ByteWriter& to, std::string_view text) {
    if (text.size() > std::numeric_limits<std::uint16_t>::max())
        throw Error(ErrorCode::usage, fmt::format("a text of {} bytes is too long to store: at most {}", text.size(),
                                                  std::numeric_limits<std::uint16_t>::max()));
    to.u16le(static_cast<std::uint16_t>(text.size()));
    to.append(bytes_of(text));
}

std::string read_text(ByteReader& from) {
    const std::uint16_t length = from.u16le();
    const std::string_view text = text_of(from.take(length));
    if (!is_valid_utf8(text))  // raw bytes, escaped because a message ends at a NUL
        from.fail(fmt::format("expected UTF-8 text, found '{}'", escape_for_display(text)));
    return std::string(text);
}

void write_map(ByteWriter& to, const std::map<std::string, std::string>& map) {
    if (map.size() > std::numeric_limits<std::uint16_t>::max())
        throw Error(ErrorCode::usage, fmt::format("{} keys are too many to store", map.size()));
    to.u16le(static_cast<std::uint16_t>(map.size()));
    for (const auto& [key, value] : map) {
        write_text(to, key);
        write_text(to, value);
    }
}

std::map<std::string, std::string> read_map(ByteReader& from) {
    std::map<std::string, std::string> map;
    for (std::uint16_t left = from.u16le(); left > 0; --left) {
        std::string key = read_text(from);
        if (!map.empty() && key <= map.rbegin()->first)  // escaped for the same reason
            from.fail(fmt::format("expected keys in order, found '{}'", escape_for_display(key)));
        map.emplace_hint(map.end(), std::move(key), read_text(from));
    }
    return map;
}

void write_address(ByteWriter& to, const ChunkAddress& address) {
    to.append(address.pack.view());
    to.u32le(address.slot);
}

ChunkAddress read_address(ByteReader& from) {
    ChunkAddress address;
    address.pack.bytes = from.array<16>();
    address.slot = from.u32le();
    return address;
}

}  // namespace varve
