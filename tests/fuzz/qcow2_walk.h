#pragma once
/// What the qcow2 fuzz target does with one input. A test of tests/formats runs the corpus through it, so that every
/// build repeats past findings.

#include <algorithm>
#include <memory>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/qcow2/reader.h"
#include "formats/qcow2/state_changes.h"
#include "tests/fuzz/memory_source.h"

namespace varve::fuzz {

/// Reads the beginning of an extent and, for data, its end; anything but data must read as zeros.
inline void read_extent(const ImageReader& reader, const Extent& extent, ByteSpan buffer) {
    const ByteSpan piece =
        buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(extent.length.value, buffer.size())));
    std::fill(piece.begin(), piece.end(), std::byte{0x5a});
    reader.read(extent.begin, piece);
    if (extent.kind == ExtentKind::data)
        reader.read(extent.end() - ByteCount{piece.size()}, piece);
    else
        VARVE_CHECK(is_zero(piece));
}

/// Walks the map from `at` for a bounded number of steps.
inline void walk(const ImageReader& reader, ByteOffset at) {
    Bytes buffer(10000);
    const ByteOffset end{reader.info().virtual_size.value};
    for (int steps = 0; steps < 300 && at < end; ++steps) {
        try {
            const Extent extent = reader.extent_at(at);
            VARVE_CHECK(extent.begin == at && extent.length.value > 0 && extent.length <= end - at);
            read_extent(reader, extent, buffer);
            at = extent.end();
        } catch (const Error&) {
            at += std::min(end - at, kib(64));  // past the damage
        }
    }
}

/// What the tables report as the same must read the same, where it is readable.
inline void compare_states(ByteView input, const std::optional<std::string>& before) {
    const auto map = qcow2::changes_between_states(memory_source(input), before, std::nullopt);
    if (!map) return;
    const qcow2::Reader a(memory_source(input), {before, false, {}, {}}, std::make_shared<ReadCaches>());
    const qcow2::Reader b(memory_source(input), {std::nullopt, false, {}, {}}, std::make_shared<ReadCaches>());
    Bytes bytes_a(10000);
    Bytes bytes_b(10000);
    const ByteOffset end{b.info().virtual_size.value};
    ByteOffset at;
    for (int steps = 0; steps < 100 && at < end; ++steps) {
        const ChangeRun run = map->change_at(at);
        VARVE_CHECK(run.begin == at && run.length.value > 0 && run.length <= end - at);
        at = run.end();
        if (run.may_differ) continue;
        const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(run.length.value, bytes_a.size()));
        try {
            for (const ByteOffset begin : {run.begin, run.end() - ByteCount{length}}) {
                const ByteSpan piece_a = ByteSpan(bytes_a).first(length);
                const ByteSpan piece_b = ByteSpan(bytes_b).first(length);
                a.read(begin, piece_a);
                b.read(begin, piece_b);
                VARVE_CHECK(std::equal(piece_a.begin(), piece_a.end(), piece_b.begin()));
                VARVE_CHECK(a.extent_at(begin).kind == b.extent_at(begin).kind);
            }
        } catch (const Error&) {
        }
    }
}

/// Opens the active disk (with the input itself as its external data file, where it has one) and a few snapshots, walks
/// each from its beginning and near its end. May throw nothing but Error.
inline void open_walk_read(ByteView input) {
    std::vector<std::optional<std::string>> states{std::nullopt};
    for (std::size_t i = 0; i < states.size() && i < 4; ++i) {
        try {
            const auto open_data_file = [&](const std::string&) { return memory_source(input); };
            const qcow2::Reader reader(memory_source(input), {states[i], false, {}, open_data_file},
                                       std::make_shared<ReadCaches>());
            walk(reader, ByteOffset{});
            const std::uint64_t size = reader.info().virtual_size.value;
            if (size > (1 << 20)) walk(reader, ByteOffset{size - (1 << 20) + 1});
            if (states[i]) compare_states(input, states[i]);
            if (i == 0)
                for (const ImageSnapshot& snapshot : reader.info().snapshots) states.push_back("id:" + snapshot.id);
        } catch (const Error&) {
        }
    }
}

}  // namespace varve::fuzz
