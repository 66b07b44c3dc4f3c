// libFuzzer target: any bytes as map page, slot table and move table. What parses is encoded again and must come back
// unchanged.

#include <cstdlib>

#include "engine/base/error.h"
#include "engine/repository/map_page.h"
#include "engine/repository/move_table.h"
#include "engine/repository/slot_table.h"

namespace varve {
namespace {

template <typename Parse>
void try_parse(const Parse& parse, ByteView bytes) {
    try {
        const auto parsed = parse(bytes);
        if (parse(encode(parsed)) != parsed) std::abort();
    } catch (const Error&) {
    }
}

}  // namespace
}  // namespace varve

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace varve;
    const auto input = std::as_bytes(std::span(data, size));
    try_parse([](ByteView bytes) { return parse_leaf_page(bytes, "input"); }, input);
    for (int level = 1; level <= map_root_level; ++level)
        try_parse([level](ByteView bytes) { return parse_inner_page(bytes, level, "input"); }, input);
    try_parse([](ByteView bytes) { return parse_move_table(bytes, "input"); }, input);
    try_parse([](ByteView bytes) { return parse_slot_table(bytes, "input"); }, input);
    return 0;
}
