#include "engine/prune/pack_choice.h"

#include "tests/catch.h"

using namespace varve;

namespace {

MeasuredPack measured(std::uint64_t live_mib, std::uint64_t dead_mib, PackKind kind = PackKind::data) {
    MeasuredPack pack;
    pack.facts.kind = kind;
    pack.live = mib(live_mib);
    pack.dead = mib(dead_mib);
    pack.facts.size = pack.live + pack.dead;
    return pack;
}

std::vector<PackFate> fates(std::vector<MeasuredPack> packs, const PruneLimits& limits = {}) {
    choose_packs(packs, limits);
    std::vector<PackFate> fates;
    fates.reserve(packs.size());
    for (const MeasuredPack& pack : packs) fates.push_back(pack.fate);
    return fates;
}

}  // namespace

TEST_CASE("pack choice: a dead pack goes, one with a quarter of waste is rewritten, the others stay", "[prune]") {
    REQUIRE(fates({measured(0, 64), measured(48, 16), measured(49, 15), measured(64, 0)}) ==
            std::vector{PackFate::dead, PackFate::rewritten, PackFate::kept, PackFate::kept});
}

TEST_CASE("pack choice: a pack without dead slots is never rewritten, however small", "[prune]") {
    MeasuredPack tiny;
    tiny.live = {100};
    tiny.facts.size = {600};
    REQUIRE(fates({tiny}) == std::vector{PackFate::kept});
}

TEST_CASE("pack choice: small packs are merged when four of similar size are there, each kind by itself", "[prune]") {
    REQUIRE(fates(std::vector(3, measured(1, 0))) == std::vector(3, PackFate::kept));
    REQUIRE(fates(std::vector(4, measured(1, 0))) == std::vector(4, PackFate::merged));
    std::vector<MeasuredPack> packs(3, measured(1, 0));
    packs.push_back(measured(1, 0, PackKind::metadata));
    REQUIRE(fates(packs) == std::vector(4, PackFate::kept));
    packs.push_back(measured(30, 0));
    REQUIRE(fates(packs).back() == PackFate::kept);
}

TEST_CASE("pack choice: what small packs become fills up the next class", "[prune]") {
    std::vector<MeasuredPack> packs(4, measured(1, 0));           // become one of 4 MiB
    for (int i = 0; i < 3; ++i) packs.push_back(measured(5, 0));  // with which there are four of this class
    REQUIRE(fates(packs) == std::vector(7, PackFate::merged));
}

TEST_CASE("pack choice: a pack that is full of slots is not small", "[prune]") {
    std::vector<MeasuredPack> packs(4, measured(1, 0));
    for (MeasuredPack& pack : packs) pack.is_full_of_slots = true;
    REQUIRE(fates(packs) == std::vector(4, PackFate::kept));
}

TEST_CASE("pack choice: with a limit, what frees most per byte copied comes first", "[prune]") {
    PruneLimits limits;
    limits.copy_max = mib(20);
    REQUIRE(fates({measured(40, 24), measured(16, 48), measured(0, 64), measured(4, 20)}, limits) ==
            std::vector{PackFate::kept, PackFate::rewritten, PackFate::dead, PackFate::rewritten});
    limits.copy_max = mib(3);
    REQUIRE(fates(std::vector(4, measured(1, 0)), limits) == std::vector(4, PackFate::kept));
}

TEST_CASE("pack choice: a year of small nights leaves few packs, and copies each byte a few times", "[prune]") {
    // A night of 100 machines adds 100 packs of 1 MiB; prune runs each night.
    std::vector<MeasuredPack> packs;
    std::uint64_t added = 0;
    std::uint64_t copied = 0;
    for (int night = 0; night < 365; ++night) {
        for (int machine = 0; machine < 100; ++machine) packs.push_back(measured(1, 0));
        added += 100;
        choose_packs(packs, {});
        std::uint64_t merged = 0;
        for (const MeasuredPack& pack : packs)
            if (pack.fate == PackFate::merged) merged += pack.live.value >> 20;
        std::erase_if(packs, [](const MeasuredPack& pack) { return pack.fate == PackFate::merged; });
        copied += merged;
        for (; merged > 64; merged -= 64) packs.push_back(measured(64, 0));
        if (merged > 0) packs.push_back(measured(merged, 0));
        REQUIRE(static_cast<double>(packs.size()) <= 1.3 * static_cast<double>(added) / 64 + 24);
    }
    REQUIRE(copied <= 4 * added);
}
