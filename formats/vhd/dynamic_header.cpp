#include "formats/vhd/dynamic_header.h"

#include <algorithm>

#include "engine/base/byte_writer.h"
#include "engine/base/check.h"
#include "formats/vhd/footer.h"

namespace varve::vhd {
namespace {

constexpr std::size_t parent_name_at = 64;
constexpr std::size_t parent_name_bytes = 512;
constexpr std::size_t locators_at = 576;
constexpr std::size_t locators_count = 8;
constexpr std::size_t locator_bytes = 24;

ParentLocator parse_locator(ByteView bytes) {
    ParentLocator locator;
    std::ranges::copy(text_of(bytes.first(locator.code.size())), locator.code.begin());
    locator.length = {load_be<std::uint32_t>(bytes.subspan(8))};
    locator.place = {load_be<std::uint64_t>(bytes.subspan(16))};
    return locator;
}

}  // namespace

DynamicHeader parse_dynamic_header(ByteView bytes) {
    VARVE_CHECK(bytes.size() == header_bytes);
    DynamicHeader header;
    header.table = {load_be<std::uint64_t>(bytes.subspan(header_table_at))};
    header.version = load_be<std::uint32_t>(bytes.subspan(header_version_at));
    header.entries = load_be<std::uint32_t>(bytes.subspan(header_entries_at));
    header.block_size = {load_be<std::uint32_t>(bytes.subspan(header_block_size_at))};
    header.checksum = load_be<std::uint32_t>(bytes.subspan(header_checksum_at));
    std::ranges::copy(bytes.subspan(header_parent_at, header.parent.bytes.size()), header.parent.bytes.begin());
    const ByteView name = bytes.subspan(parent_name_at, parent_name_bytes);
    header.parent_name.assign(name.begin(), name.end());
    for (std::size_t i = 0; i < locators_count; ++i)
        header.locators.push_back(parse_locator(bytes.subspan(locators_at + i * locator_bytes, locator_bytes)));
    return header;
}

Bytes encode_dynamic_header(const DynamicHeader& header) {
    VARVE_CHECK(header.parent.is_null());
    ByteWriter out;
    out.append(bytes_of(header_cookie));
    out.u64be(~std::uint64_t{0});
    out.u64be(header.table.value);
    out.u32be(header.version);
    out.u32be(header.entries);
    out.u32be(static_cast<std::uint32_t>(header.block_size.value));
    out.zeros(header_bytes - out.size());
    store_be<std::uint32_t>(out.span().subspan(header_checksum_at), checksum_of(out.view(), header_checksum_at));
    return out.release();
}

}  // namespace varve::vhd
