// Disks of the fixtures with a flipped bit, or truncated: every volume reads correctly, or is refused with a place.
// Damage to checksummed data (labels, metadata areas and texts, a pool's trees) never gives wrong bytes.

#include <random>
#include <regex>
#include <set>

#include <fmt/format.h>

#include "engine/base/hex.h"
#include "tests/catch.h"
#include "tests/formats/lvm/fixture.h"
#include "tests/formats/lvm/fixture_copy.h"
#include "tests/formats/lvm/thin/thin_support.h"
#include "tests/support/long_test.h"
#include "tests/support/reader_support.h"

namespace varve::lvm_test {
namespace {

constexpr std::uint64_t damage_seed = 20261122;
constexpr std::uint64_t sample_step = 60 << 10;  // no multiple or divisor of a chunk or stripe
constexpr std::size_t sample_bytes = 16;

/// Some bytes from all over a volume; the pattern in the fixtures' volumes makes every place recognisable.
Bytes sample_of(const ImageReader& reader) {
    const std::uint64_t size = reader.info().virtual_size.value;
    Bytes samples;
    for (ByteOffset at; at.value + sample_bytes <= size;) {
        const Extent extent = reader.extent_at(at);
        // One assertion of Catch2 costs more than the sample, and this runs millions of times.
        const bool is_sound = extent.begin == at && extent.length.value != 0 && extent.end().value <= size;
        if (!is_sound) FAIL("extent " << extent.begin.value << "+" << extent.length.value << " at " << at.value);
        if (extent.kind == ExtentKind::unallocated && extent.length.value > 64 * sample_step) {
            at = extent.end();
            continue;
        }
        samples.resize(samples.size() + sample_bytes);
        reader.read(at, ByteSpan(samples).last(sample_bytes));
        at += ByteCount{sample_step};
    }
    return samples;
}

/// The contents of all volumes of a fixture, or why they can't be read.
struct View {
    std::map<std::string, Bytes> samples;         ///< by group and volume
    std::map<std::string, std::string> refusals;  ///< the same, or "" for the disks as a whole
};

/// Opens and reads every volume of the manifest. An exception other than Error fails the test.
View view_of(const FixtureCopy& copy, const std::vector<std::vector<std::string>>& manifest) {
    View view;
    lvm::Inventory inventory;
    try {
        inventory = copy.inventory();
    } catch (const Error& error) {
        view.refusals[""] = error.what();
        return view;
    }
    for (const auto& row : manifest)
        if (std::ranges::find(inventory.groups, row[0], [](const auto& found) { return found.group.name; }) ==
            inventory.groups.end())
            view.refusals[row[0]] = fmt::format("{}", fmt::join(inventory.warnings, "; "));
    for (const lvm::FoundGroup& found : inventory.groups) {
        try {
            lvm::VolumeOpener opener(found, {});
            for (const auto& row : manifest) {
                const lvm::LogicalVolume* volume =
                    row[0] == found.group.name ? found.group.find_volume(row[1]) : nullptr;
                if (volume == nullptr) continue;
                const std::string name = row[0] + "/" + row[1];
                try {
                    view.samples[name] = sample_of(*opener.open(*volume));
                } catch (const Error& error) {
                    view.samples.erase(name);
                    view.refusals[name] = error.what();
                }
            }
        } catch (const Error& error) {
            view.refusals[""] = error.what();
        }
    }
    return view;
}

/// A disk or volume, and a place or part of it.
bool names_a_place(const std::string& text) {
    static const std::regex subject("'p\\d\\.raw'|'vg[^']*'|volume group '");
    static const std::regex place(
        "at byte \\d|line \\d|first four sectors|block \\d|extents? \\d|segment \\d|physical volume [0-9A-Za-z-]+ "
        "|\\(segment type '|there is no|invalid");
    return std::regex_search(text, subject) && std::regex_search(text, place);
}

/// Where damage has the worst effects, as byte ranges of one disk.
struct Structures {
    std::vector<ByteRange> checksummed;  ///< label, headers and texts
    std::vector<ByteRange> uncheckable;  ///< exception stores: a flipped bit can't be detected
};

constexpr std::uint64_t sector = 512;

Structures structures_of(const FixtureCopy& copy, std::size_t index) {
    Structures out;
    const lvm::Inventory inventory = copy.inventory();
    const std::string path = fmt::format("p{}.raw", index);
    const auto add_volume = [&](const lvm::PhysicalVolume& pv) {
        if (pv.path != path || pv.partition) return;
        out.checksummed.push_back({{pv.label.sector * sector}, {sector}});
        for (const ByteRange& area : pv.label.metadata_areas) {
            out.checksummed.push_back({area.begin, {sector}});
            Bytes header(sector);
            pv.device->read_at(area.begin, header);
            const auto offset = load_le<std::uint64_t>(ByteView(header).subspan(40));
            const auto size = load_le<std::uint64_t>(ByteView(header).subspan(48));
            if (offset != 0 && offset + size <= area.length.value)
                out.checksummed.push_back({area.begin + ByteCount{offset}, {size}});
        }
    };
    for (const lvm::FoundGroup& found : inventory.groups) {
        const lvm::Relations relations(found.group);
        for (const auto& pv : found.volumes)
            if (pv) add_volume(*pv);
        for (const lvm::LogicalVolume& volume : found.group.volumes) {
            if (relations.snapshot_in(volume) == nullptr) continue;
            const auto* striped = std::get_if<lvm::StripedSegment>(&volume.segments.front().what);
            if (striped == nullptr) continue;
            for (const lvm::StripeLeg& leg : striped->legs) {
                const auto* entry = found.group.find_physical_volume(leg.device);
                const auto pv = static_cast<std::size_t>(entry - found.group.physical_volumes.data());
                if (found.volumes[pv]->path != path) continue;
                const ByteOffset begin = entry->first_extent + ByteCount{leg.begin * found.group.extent_size.value};
                out.uncheckable.push_back({begin, kib(16)});
            }
        }
    }
    return out;
}

std::uint64_t place_in(const std::vector<ByteRange>& ranges, std::mt19937_64& random) {
    const ByteRange& range = ranges[random() % ranges.size()];
    return range.begin.value + random() % range.length.value;
}

/// Checks that every refusal names a place. Returns the volumes with wrong contents.
std::set<std::string> check(const View& view, const View& sound) {
    for (const auto& [name, text] : view.refusals) {
        CAPTURE(name, text);
        if (!names_a_place(text)) FAIL_CHECK("no disk or volume, or no place");
    }
    std::set<std::string> wrong;
    for (const auto& [name, samples] : view.samples) {
        const auto right = sound.samples.find(name);
        if (right == sound.samples.end() || right->second != samples) wrong.insert(name);
    }
    return wrong;
}

struct Fixture {
    explicit Fixture(const std::string& given)
        : name(given), copy(given), manifest(fixture_table(given, "MANIFEST.tsv")), sound(view_of(copy, manifest)) {
        for (std::size_t i = 0; i < copy.count(); ++i) structures.push_back(structures_of(copy, i));
    }
    std::string name;
    FixtureCopy copy;
    std::vector<std::vector<std::string>> manifest;
    View sound;
    std::vector<Structures> structures;  ///< of each disk
};

}  // namespace

TEST_CASE("lvm damage: a disk truncated anywhere gives the right bytes or a refusal with a place", "[lvm]") {
    const Fixture fixture(GENERATE("linear", "snap", "thin", "exotic"));
    std::mt19937_64 random(damage_seed);
    const std::uint64_t size = fixture_disk(fixture.name, 0)->info().virtual_size.value;
    const Structures& near = fixture.structures[0];
    std::set<std::uint64_t> cuts{0, 1, 511, 512, 513, 1024, 2047, 2048, 4095, 4096, 4097, 4608, 5000, size - 1};
    while (cuts.size() < test_rounds(150u)) cuts.insert(place_in(near.checksummed, random));
    while (cuts.size() < test_rounds(250u))
        cuts.insert(mib(1 + random() % ((size >> 20) - 1)).value + random() % 3 - 1);
    while (cuts.size() < test_rounds(350u)) cuts.insert(random() % size);
    std::size_t refused = 0;
    std::size_t read = 0;
    for (const std::uint64_t cut : cuts) {
        CAPTURE(fixture.name, damage_seed, cut);
        FixtureCopy copy(fixture.name);
        copy.disk(0).cut(cut);
        const View view = view_of(copy, fixture.manifest);
        CHECK(check(view, fixture.sound).empty());
        refused += view.refusals.empty() ? 0u : 1u;
        read += view.samples.size();
    }
    CHECK(refused > test_rounds(100u));
    CHECK(read > test_rounds(100u));
}

TEST_CASE("lvm damage: a flipped bit in checksummed data gives the right bytes or a refusal with a place", "[lvm]") {
    const Fixture fixture(GENERATE("linear", "snap", "thin", "exotic"));
    std::mt19937_64 random(damage_seed);
    int detected = 0;
    constexpr int flips = test_rounds(300);
    for (int i = 0; i < flips; ++i) {
        FixtureCopy copy(fixture.name);
        const std::size_t disk = random() % copy.count();
        const Structures& structures = fixture.structures[disk];
        if (structures.checksummed.empty()) continue;
        const std::uint64_t bit = place_in(structures.checksummed, random) * 8 + random() % 8;
        CAPTURE(fixture.name, damage_seed, disk, bit);
        copy.disk(disk).flip(bit);
        const View view = view_of(copy, fixture.manifest);
        CHECK(check(view, fixture.sound).empty());
        detected +=
            view.refusals.size() > fixture.sound.refusals.size() || view.samples.size() < fixture.sound.samples.size();
    }
    CHECK(detected > flips / 10);
}

TEST_CASE("lvm damage: a flipped bit in a pool's metadata gives the right bytes or a refusal with a place", "[lvm]") {
    const Fixture fixture("thin");
    std::mt19937_64 random(damage_seed);
    // Where the non-zero blocks of "pool" are on p0.
    std::vector<std::uint64_t> blocks;
    for (const auto& [begin, end] : {std::pair{mib(75), mib(77)}, std::pair{mib(81), mib(83)}})
        for (std::uint64_t at = begin.value; at < end.value; at += thin::metadata_block_bytes) {
            Bytes block(thin::metadata_block_bytes);
            fixture_disk("thin", 0)->read({at}, block);
            if (!is_zero(block)) blocks.push_back(at);
        }
    REQUIRE(blocks.size() > 300);
    std::size_t detected = 0;
    for (std::size_t b = 0; b < blocks.size(); b += test_place_step) {
        const std::uint64_t block = blocks[b];
        // Most nodes were dropped by later commits, so the superblock, which comes first, is hit more often.
        for (int i = 0; i < (block == blocks.front() ? 40 : 1); ++i) {
            FixtureCopy copy(fixture.name);
            const std::uint64_t bit = block * 8 + random() % (thin::metadata_block_bytes * 8);
            CAPTURE(damage_seed, bit);
            copy.disk(0).flip(bit);
            const View view = view_of(copy, fixture.manifest);
            CHECK(check(view, fixture.sound).empty());
            detected += view.refusals.empty() ? 0u : 1u;
        }
    }
    CHECK(detected > test_rounds(50u));
}

TEST_CASE("lvm damage: a flipped bit in guest data or in a classic snapshot's store has no further effect", "[lvm]") {
    const Fixture fixture(GENERATE("linear", "snap", "thin", "exotic"));
    std::mt19937_64 random(damage_seed);
    std::size_t detected = 0;
    for (int i = 0; i < test_rounds(300); ++i) {
        FixtureCopy copy(fixture.name);
        const std::size_t disk = random() % copy.count();
        const Structures& structures = fixture.structures[disk];
        const bool in_store = i % 2 == 0 && !structures.uncheckable.empty();
        const std::uint64_t size = copy.disk(disk).info().virtual_size.value;
        std::uint64_t at = in_store ? place_in(structures.uncheckable, random) : random() % size;
        if (in_store && i % 4 == 0) at = at / 4096 * 4096 + at % 16;  // the header, or the first exceptions
        const std::uint64_t bit = at * 8 + random() % 8;
        CAPTURE(fixture.name, damage_seed, disk, bit);
        copy.disk(disk).flip(bit);
        const View view = view_of(copy, fixture.manifest);
        const auto wrong = check(view, fixture.sound);
        // One chunk of one volume, of the volumes based on it, and of a merge; elsewhere a bit is in at most one
        // sample.
        if (!in_store) CHECK(wrong.size() <= 8);
        detected += view.refusals.size() > fixture.sound.refusals.size() ? 1u : 0u;
    }
    if (fixture.name == "snap") CHECK(detected > test_rounds(10u));
}

TEST_CASE("lvm damage: a volume that is read completely despite damage elsewhere is what the kernel presents",
          "[lvm]") {
    const std::string name = GENERATE("linear", "snap", "thin");
    const auto manifest = fixture_table(name, "MANIFEST.tsv");
    std::mt19937_64 random(damage_seed);
    std::size_t read = 0;
    for (int i = 0; i < 12; ++i) {
        FixtureCopy copy(name);
        const auto& row = manifest[random() % manifest.size()];
        if (row[5].size() != 64) continue;
        auto texts = structures_of(copy, 1).checksummed;
        texts.erase(texts.begin());  // the label, without which no volume is opened
        const std::uint64_t bit = place_in(texts, random) * 8 + random() % 8;
        CAPTURE(name, damage_seed, row[1], bit);
        copy.disk(1).flip(bit);
        if (!view_of(copy, manifest).samples.contains(row[0] + "/" + row[1])) continue;
        CHECK(to_hex(reader_test::digest_of(*OpenedGroup(copy, row[0]).open(row[1])).view()) == row[5]);
        ++read;
    }
    CHECK(read > 0);
}

}  // namespace varve::lvm_test
