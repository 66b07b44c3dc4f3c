#include "store/pack/pack_scan.h"

#include "store/pack/pack_names.h"
#include "tests/contract/backend_contract.h"
#include "tests/fakes/memory_backend.h"
#include "tests/fakes/pack_builder.h"

namespace varve {
namespace {

using backend_contract::error_of;

struct SamplePack {
    MemoryBackend backend;
    StoredPack pack;
    Bytes bytes;

    explicit SamplePack(unsigned frames) {
        PackBuilder builder(backend, RepositoryId::make(), PackKind::data);
        for (unsigned i = 0; i < frames; ++i) {
            builder.chunk(sample_chunk(2 * i));
            builder.chunk(sample_chunk(2 * i + 1));
            builder.end_frame();
        }
        pack = builder.commit();
        bytes = backend.get(pack_name(pack.facts.id), pack.facts.size).value();
    }

    ScannedPack scan_after(const std::function<void(Bytes&)>& damage) {
        Bytes damaged = bytes;
        damage(damaged);
        backend.replace(pack_name(pack.facts.id), damaged);
        return scan_pack(backend, pack.facts.id);
    }
};

void zap(Bytes& bytes, std::uint64_t begin, std::uint64_t length) {
    for (std::uint64_t i = begin; i < std::min<std::uint64_t>(begin + length, bytes.size()); ++i)
        bytes[i] = std::byte{0xdb};
}

}  // namespace

TEST_CASE("a scan of a complete pack restores its slot table", "[store][scan]") {
    SamplePack sample(5);
    REQUIRE(sample.scan_after([](Bytes&) {}).slot_table() == *sample.pack.slots);
    REQUIRE(sample.scan_after([](Bytes& bytes) { zap(bytes, 0, pack_header_bytes); }).slot_table() ==
            *sample.pack.slots);
    const std::uint64_t table_at = sample.pack.slots->frames.back().offset +
                                   sample.pack.slots->frames.back().header_bytes +
                                   sample.pack.slots->frames.back().stored_bytes;
    REQUIRE(sample.scan_after([&](Bytes& bytes) { bytes.resize(table_at); }).slot_table() == *sample.pack.slots);
}

TEST_CASE("a scan finds every frame whose header survived", "[store][scan]") {
    SamplePack sample(6);
    const auto& frames = sample.pack.slots->frames;
    for (std::size_t hit = 0; hit < frames.size(); ++hit) {
        const ScannedPack scanned = sample.scan_after([&](Bytes& bytes) { zap(bytes, frames[hit].offset + 5, 40); });
        REQUIRE(scanned.frames.size() == frames.size() - 1);
        for (const FrameHeader& found : scanned.frames) {
            REQUIRE(found.ordinal != hit);
            REQUIRE(found.frame == frames[found.ordinal]);
        }
        REQUIRE_FALSE((hit + 1 < frames.size() && scanned.slot_table().has_value()));
        if (hit + 1 < frames.size()) REQUIRE(scanned.skipped.value >= frames[hit].stored_bytes);
    }
    const ScannedPack payload_lost =
        sample.scan_after([&](Bytes& bytes) { zap(bytes, frames[2].offset + frames[2].header_bytes, 100); });
    REQUIRE(payload_lost.frames.size() == frames.size());
}

TEST_CASE("a scan resynchronises after a damaged region of any place and length", "[store][scan]") {
    SamplePack sample(4);
    const auto& frames = sample.pack.slots->frames;
    for (std::uint64_t begin = 0; begin < sample.bytes.size(); begin += 7919)
        for (const std::uint64_t length : {std::uint64_t{1}, std::uint64_t{5000}, std::uint64_t{200000}}) {
            const ScannedPack scanned = sample.scan_after([&](Bytes& bytes) { zap(bytes, begin, length); });
            for (const Frame& frame : frames) {
                const bool header_hit = begin < frame.offset + frame.header_bytes && begin + length > frame.offset;
                const bool found = std::any_of(scanned.frames.begin(), scanned.frames.end(),
                                               [&](const FrameHeader& header) { return header.frame == frame; });
                REQUIRE(found != header_hit);
            }
        }
}

TEST_CASE("frames of another pack inside guest data are not mistaken for this pack's", "[store][scan]") {
    SamplePack guest(2);
    Bytes guest_pack = guest.bytes;
    guest_pack.resize(3 * chunk_bytes);
    MemoryBackend backend;
    PackBuilder builder(backend, RepositoryId::make(), PackKind::data);
    for (unsigned i = 0; i < 3; ++i) builder.chunk(ByteView(guest_pack).subspan(i * chunk_bytes, chunk_bytes));
    builder.end_frame();
    builder.chunk(sample_chunk(9));
    const StoredPack pack = builder.commit();
    Bytes bytes = backend.get(pack_name(pack.facts.id), pack.facts.size).value();
    zap(bytes, pack.slots->frames[0].offset, 60);
    backend.replace(pack_name(pack.facts.id), bytes);
    const ScannedPack scanned = scan_pack(backend, pack.facts.id);
    REQUIRE(scanned.frames.size() == 1);
    REQUIRE(scanned.frames[0].frame == pack.slots->frames[1]);
}

TEST_CASE("scans of an empty pack, of garbage and of a missing pack end properly", "[store][scan]") {
    MemoryBackend backend;
    const PackId id = PackId::make();
    REQUIRE(error_of([&] { (void)scan_pack(backend, id); }) == ErrorCode::not_found);
    for (const Bytes& bytes : {Bytes(), Bytes(3), random_sample(3'000'000, 8), Bytes(200, std::byte{'V'})}) {
        backend.replace(pack_name(id), bytes);
        REQUIRE(scan_pack(backend, id).frames.empty());
    }
    Bytes magics;
    for (unsigned i = 0; i < 100000; ++i)
        magics.insert(magics.end(), {std::byte{'V'}, std::byte{'F'}, std::byte{'R'}, std::byte{'M'}});
    backend.replace(pack_name(id), magics);
    REQUIRE(scan_pack(backend, id).frames.empty());
}

}  // namespace varve
