#pragma once
/// What the LUKS fuzz target does with one input. A test of tests/formats runs the corpus through it.

#include "formats/crypt/luks_header.h"
#include "formats/luks/reader.h"
#include "tests/fuzz/qcow2_walk.h"

namespace varve::fuzz {

/// Opens the input as a LUKS volume without a secret, and with the one that the seeds have, unless that would take
/// long. May throw nothing but Error.
inline void open_walk_read_luks(ByteView input) {
    constexpr std::uint32_t iterations_max = 2000;
    const ByteSourcePtr source = memory_source(input);
    try {
        const luks::Reader facts(source, {{}, nullptr, nullptr, true});
        const crypt::LuksHeader header = crypt::read_luks_header(*source, {{}, source->size()});
        std::uint64_t iterations = header.iterations;
        for (const crypt::LuksSlot& slot : header.slots) iterations += slot.is_active ? slot.iterations : 0;
        if (iterations > iterations_max) return;
        const luks::Reader reader(source,
                                  {{}, std::make_shared<crypt::SecretFile>(bytes_of("secret")), nullptr, false});
        walk(reader, ByteOffset{});
    } catch (const Error&) {
    }
}

}  // namespace varve::fuzz
