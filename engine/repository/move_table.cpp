#include "engine/repository/move_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/check.h"
#include "engine/repository/slot_table.h"

namespace varve {
namespace {

constexpr std::string_view move_table_magic = "VMOV";
constexpr std::uint32_t move_table_version = 1;
constexpr std::size_t move_run_bytes = 44;

ChunkAddress parse_address(ByteReader& from) {
    ChunkAddress address;
    address.pack.bytes = from.array<16>();
    address.slot = from.u32le();
    return address;
}

void encode_address(const ChunkAddress& address, ByteWriter& to) {
    to.append(address.pack.view());
    to.u32le(address.slot);
}

/// Whether all slots of the run are possible slot numbers.
bool fits_a_pack(std::uint32_t slot, std::uint32_t count) {
    return count > 0 && count <= slots_per_pack_max && slot <= slots_per_pack_max - count;
}

/// Whether `run` begins after every slot of `before`.
bool follows(const MoveRun& before, const MoveRun& run) {
    if (before.from.pack != run.from.pack) return before.from.pack < run.from.pack;
    return run.from.slot >= before.from.slot + before.count;
}

MoveRun parse_run(ByteReader& from) {
    MoveRun run;
    run.from = parse_address(from);
    run.count = from.u32le();
    run.to = parse_address(from);
    if (!fits_a_pack(run.from.slot, run.count) || !fits_a_pack(run.to.slot, run.count))
        from.fail(fmt::format("a run of {} slots from slot {} to slot {} does not fit a pack of {}", run.count,
                              run.from.slot, run.to.slot, slots_per_pack_max));
    return run;
}

}  // namespace

std::optional<ChunkAddress> MoveTable::find(const ChunkAddress& from) const {
    const auto after =
        std::upper_bound(runs.begin(), runs.end(), from,
                         [](const ChunkAddress& address, const MoveRun& run) { return address < run.from; });
    if (after == runs.begin()) return std::nullopt;
    const MoveRun& run = *(after - 1);
    if (run.from.pack != from.pack || from.slot - run.from.slot >= run.count) return std::nullopt;
    return ChunkAddress{run.to.pack, run.to.slot + (from.slot - run.from.slot)};
}

Bytes encode(const MoveTable& table) {
    ByteWriter to;
    to.append(bytes_of(move_table_magic));
    to.u32le(move_table_version);
    to.u32le(static_cast<std::uint32_t>(table.runs.size()));
    to.u32le(0);
    for (std::size_t i = 0; i < table.runs.size(); ++i) {
        const MoveRun& run = table.runs[i];
        VARVE_CHECK(fits_a_pack(run.from.slot, run.count) && fits_a_pack(run.to.slot, run.count));
        VARVE_CHECK(i == 0 || follows(table.runs[i - 1], run));
        encode_address(run.from, to);
        to.u32le(run.count);
        encode_address(run.to, to);
    }
    return to.release();
}

MoveTable parse_move_table(ByteView bytes, const std::string& object) {
    ByteReader from(bytes, object);
    if (text_of(from.take(move_table_magic.size())) != move_table_magic)
        from.fail("expected the magic VMOV of a move table");
    if (const std::uint32_t version = from.u32le(); version != move_table_version)
        from.fail(fmt::format("expected move table version {}, found {}", move_table_version, version));
    const std::uint32_t count = from.u32le();
    from.skip(4);
    if (from.remaining() != std::uint64_t{count} * move_run_bytes)
        from.fail(fmt::format("expected {} bytes for {} runs, found {}", std::uint64_t{count} * move_run_bytes, count,
                              from.remaining()));
    MoveTable table;
    table.runs.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        table.runs.push_back(parse_run(from));
        if (i > 0 && !follows(table.runs[i - 1], table.runs[i]))
            from.fail(fmt::format("expected run {} after the one before it", i));
    }
    return table;
}

}  // namespace varve
