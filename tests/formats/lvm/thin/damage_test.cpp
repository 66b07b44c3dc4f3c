// Damaged metadata gives an Error that names block and place, or the right answer; it never hangs.

#include <filesystem>
#include <random>
#include <set>

#include <fmt/format.h>

#include "tests/catch.h"
#include "tests/formats/lvm/thin/editor.h"
#include "tests/formats/lvm/thin/thin_support.h"
#include "tests/fuzz/thin_walk.h"
#include "tests/support/build_paths.h"
#include "tests/support/long_test.h"

namespace varve::thin::test {
namespace {

constexpr unsigned damage_seed = 20261122;
constexpr std::size_t mapping_root_at = 320;
constexpr std::size_t details_root_at = 328;

/// Queries everything: devices, their mappings, and how each differs from the next.
std::vector<MappingRun> survey(const Bytes& metadata) {
    const Pool pool = open_pool(metadata);
    std::vector<MappingRun> all;
    const std::vector<Device> devices = pool.devices.list();
    for (const Device& device : devices) {
        const auto runs = mapped_runs(Mapping(pool.blocks, device));
        all.insert(all.end(), runs.begin(), runs.end());
        compare(pool, devices.front().id, device.id, SharedNodes::skip);
    }
    return all;
}

/// The text of the Error(corrupt); empty if there is none.
std::string damage_of(const Bytes& metadata) {
    try {
        survey(metadata);
        return "";
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::corrupt);
        return error.what();
    }
}

/// Checks that damage is found and located in block `number`.
void is_found_in(const Bytes& metadata, BlockNumber number, const std::string& what) {
    const auto place = fmt::format("'tmeta' at byte {}, block {} of", number * metadata_block_bytes, number);
    CHECK_THAT(damage_of(metadata),
               ContainsSubstring(place) && ContainsSubstring(what) && ContainsSubstring("thin_check"));
}

/// Two devices with several leaves each, some of them shared.
MetadataEditor small_pool() {
    std::string xml =
        "<superblock uuid=\"\" time=\"9\" transaction=\"5\" flags=\"0\" version=\"2\" "
        "data_block_size=\"128\" nr_data_blocks=\"10000\">\n";
    for (const int id : {1, 2}) {
        xml += fmt::format(
            "<device dev_id=\"{}\" mapped_blocks=\"800\" transaction=\"0\" creation_time=\"0\" "
            "snap_time=\"1\">\n",
            id);
        for (int i = 0; i < 800; ++i)
            xml += fmt::format("<single_mapping origin_block=\"{}\" data_block=\"{}\" time=\"0\"/>\n", i * 3,
                               i * 2 + id * 2000);
        xml += "</device>\n";
    }
    MetadataEditor editor(MetadataFile(xml + "</superblock>\n", 64).bytes());
    editor.snapshot(1, 2, 2);
    editor.edit(2, {{30, NewMapping{9000, 2}}, {31, NewMapping{9001, 2}}});
    return editor;
}

void collect_nodes(MetadataEditor& editor, BlockNumber number, std::set<BlockNumber>& nodes) {
    nodes.insert(number);
    if (editor.field<std::uint32_t>(number, 4) != 1) return;
    const std::size_t values_at = 32 + 8 * std::size_t{editor.field<std::uint32_t>(number, 20)};
    for (std::size_t i = 0; i < editor.field<std::uint32_t>(number, 16); ++i)
        collect_nodes(editor, editor.field<std::uint64_t>(number, values_at + 8 * i), nodes);
}

std::set<BlockNumber> all_nodes(MetadataEditor& editor) {
    std::set<BlockNumber> nodes;
    collect_nodes(editor, editor.field<std::uint64_t>(0, mapping_root_at), nodes);
    collect_nodes(editor, editor.field<std::uint64_t>(0, details_root_at), nodes);
    collect_nodes(editor, editor.root(1), nodes);
    collect_nodes(editor, editor.root(2), nodes);
    return nodes;
}

/// Where an inner node has the number of its child `entry`.
std::size_t child_at(MetadataEditor& editor, BlockNumber number, std::size_t entry) {
    REQUIRE(editor.field<std::uint32_t>(number, 4) == 1);
    REQUIRE(editor.field<std::uint32_t>(number, 16) > entry);
    return 32 + 8 * (std::size_t{editor.field<std::uint32_t>(number, 20)} + entry);
}

BlockNumber child_of(MetadataEditor& editor, BlockNumber number, std::size_t entry) {
    return editor.field<std::uint64_t>(number, child_at(editor, number, entry));
}

}  // namespace

TEST_CASE("thin damage: a flipped bit in any node is found and named", "[lvm][thin]") {
    MetadataEditor sound = small_pool();
    const auto right = survey(sound.bytes());
    const std::set<BlockNumber> nodes = all_nodes(sound);
    CHECK(nodes.size() > 10);
    std::mt19937_64 random(damage_seed);
    CAPTURE(damage_seed);
    for (BlockNumber number = 0; number < sound.block_count(); ++number)
        for (int i = 0; i < test_rounds(20); ++i) {
            MetadataEditor damaged = sound;
            const std::size_t bit = random() % (metadata_block_bytes * 8);
            CAPTURE(number, bit);
            damaged.block(number)[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
            if (number == 0 || nodes.contains(number))
                is_found_in(damaged.bytes(), number, "expected");
            else
                CHECK((survey(damaged.bytes()) == right));  // a space map or a free block
        }
}

TEST_CASE("thin damage: a flipped bit with a valid checksum gives an Error, or the walk ends", "[lvm][thin]") {
    MetadataEditor sound = small_pool();
    std::mt19937_64 random(damage_seed);
    CAPTURE(damage_seed);
    int found = 0;
    for (const BlockNumber number : all_nodes(sound))
        for (int i = 0; i < test_rounds(200); ++i) {
            MetadataEditor damaged = sound;
            const std::size_t bit = random() % ((i % 2 == 0 ? 32 : metadata_block_bytes) * 8);
            CAPTURE(number, bit);
            damaged.block(number)[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
            damaged.seal(number);
            const std::string text = damage_of(damaged.bytes());
            if (text.empty()) continue;
            ++found;
            CHECK_THAT(text, ContainsSubstring("'tmeta' at byte ") && ContainsSubstring("thin_check"));
        }
    CHECK(found > test_rounds(500));
}

TEST_CASE("thin damage: truncated metadata is found", "[lvm][thin]") {
    MetadataEditor sound = small_pool();
    const auto right = survey(sound.bytes());
    const BlockNumber last = *all_nodes(sound).rbegin();
    REQUIRE(last + 1 == sound.block_count());
    for (std::size_t size = 0; size < sound.bytes().size(); size += 1000) {
        CAPTURE(size);
        const std::string text =
            damage_of(Bytes(sound.bytes().begin(), sound.bytes().begin() + static_cast<std::ptrdiff_t>(size)));
        CHECK_THAT(text, ContainsSubstring("metadata has ") && ContainsSubstring("thin_check"));
    }
    CHECK((survey(sound.bytes()) == right));
}

TEST_CASE("thin damage: a node that points to itself or to an ancestor is found", "[lvm][thin]") {
    const MetadataEditor sound = small_pool();
    {
        MetadataEditor editor = sound;
        const BlockNumber root = editor.root(1);
        editor.set<std::uint64_t>(root, child_at(editor, root, 0), root);
        CHECK_THAT(damage_of(editor.bytes()), ContainsSubstring(fmt::format("block {} of", root)));
    }
    {  // of one child each, so that no bound of keys is broken
        MetadataEditor editor = sound;
        const BlockNumber parent = editor.copy_of(editor.root(1));
        const BlockNumber child = editor.copy_of(parent);
        editor.set<std::uint32_t>(parent, 16, 1);
        editor.set<std::uint32_t>(child, 16, 1);
        editor.set<std::uint64_t>(parent, child_at(editor, parent, 0), child);
        editor.set<std::uint64_t>(child, child_at(editor, child, 0), parent);
        editor.set_root(1, parent);
        is_found_in(editor.bytes(), parent, "expected a tree of at most 16 levels");
    }
    {  // the tree of devices
        MetadataEditor editor = sound;
        const BlockNumber node = editor.copy_of(editor.root(1));
        editor.set<std::uint32_t>(node, 16, 1);
        editor.set<std::uint64_t>(node, child_at(editor, node, 0), node);
        editor.set<std::uint64_t>(0, details_root_at, node, BlockKind::superblock);
        is_found_in(editor.bytes(), node, "expected a tree of at most 16 levels");
    }
}

TEST_CASE("thin damage: swapped nodes are found by their numbers", "[lvm][thin]") {
    MetadataEditor editor = small_pool();
    const BlockNumber root = editor.root(1);
    const BlockNumber a = child_of(editor, root, 1);
    const BlockNumber b = child_of(editor, root, 2);
    std::swap_ranges(editor.block(a).begin(), editor.block(a).end(), editor.block(b).begin());
    is_found_in(editor.bytes(), a, fmt::format("expected its own number, found {}", b));
}

TEST_CASE("thin damage: swapped children are found by their keys", "[lvm][thin]") {
    MetadataEditor editor = small_pool();
    const BlockNumber root = editor.root(1);
    const BlockNumber a = child_of(editor, root, 1);
    const BlockNumber b = child_of(editor, root, 2);
    editor.set<std::uint64_t>(root, child_at(editor, root, 1), b);
    editor.set<std::uint64_t>(root, child_at(editor, root, 2), a);
    is_found_in(editor.bytes(), b, "according to its parent the keys are in [");
}

TEST_CASE("thin damage: one child for two ranges of keys is found by its keys", "[lvm][thin]") {
    MetadataEditor editor = small_pool();
    const BlockNumber root = editor.root(1);
    const BlockNumber first = child_of(editor, root, 1);
    editor.set<std::uint64_t>(root, child_at(editor, root, 2), first);
    is_found_in(editor.bytes(), first, "according to its parent the keys are in [");

    MetadataEditor last = small_pool();  // the last child, which no key ends
    const std::size_t entry = last.field<std::uint32_t>(root, 16) - 1;
    last.set<std::uint64_t>(root, child_at(last, root, entry), first);
    is_found_in(last.bytes(), first, "according to its parent the keys are in [");
}

TEST_CASE("thin damage: nodes of an impossible shape are found", "[lvm][thin]") {
    const MetadataEditor sound = small_pool();
    const auto found = [&](std::size_t at, std::uint32_t value, const std::string& what) {
        MetadataEditor editor = sound;
        const BlockNumber leaf = child_of(editor, editor.root(1), 1);
        editor.set<std::uint32_t>(leaf, at, value);
        is_found_in(editor.bytes(), leaf, what);
    };
    found(4, 3, "expected flags 1 or 2, found 0x3");
    found(4, 0, "expected flags 1 or 2, found 0x0");
    found(16, 253, "expected at most 252 entries, found 253");
    found(16, 0xffffffff, "expected at most 252 entries");
    found(20, 255, "255 entries with values of 8 bytes do not fit");
    found(20, 0xffffffff, "do not fit");
    found(24, 0xffffffff, "do not fit");
    found(24, 0x80000000, "do not fit");
    found(24, 4, "expected values of 8 bytes, found 4");
    found(40, 0, "expected ascending keys, but entry 1 has key");
    found(4, 1, "but the metadata has 66 blocks");  // its data blocks, mistaken for children
}

TEST_CASE("thin damage: a tree with leaves at different depths is found by a comparison", "[lvm][thin]") {
    MetadataEditor editor = small_pool();
    const BlockNumber root = editor.root(1);
    const BlockNumber child = editor.copy_of(root);  // a node with one leaf, where a leaf should be
    const BlockNumber leaf = child_of(editor, root, 1);
    editor.set<std::uint32_t>(child, 16, 1);
    editor.set<std::uint64_t>(child, 32, editor.field<std::uint64_t>(leaf, 32));
    editor.set<std::uint64_t>(child, child_at(editor, child, 0), leaf);
    editor.set<std::uint64_t>(root, child_at(editor, root, 1), child);
    is_found_in(editor.bytes(), child, "expected a leaf 0 levels above the leaves of its tree");
}

TEST_CASE("thin damage: missing roots and devices are found", "[lvm][thin]") {
    const MetadataEditor sound = small_pool();
    {
        MetadataEditor editor = sound;
        editor.set<std::uint64_t>(0, mapping_root_at, 1'000'000, BlockKind::superblock);
        CHECK_THAT(damage_of(editor.bytes()),
                   ContainsSubstring("a node of the tree of the devices' mappings should be in block 1000000"));
    }
    {
        MetadataEditor editor = sound;
        const auto roots = editor.field<std::uint64_t>(0, mapping_root_at);
        editor.set<std::uint32_t>(roots, 16, 1);
        is_found_in(editor.bytes(), roots, "expected a tree of mappings for device 2, found none");
    }
    {
        MetadataEditor editor = sound;
        const auto details = editor.field<std::uint64_t>(0, details_root_at);
        editor.set<std::uint64_t>(details, 40, 1 << 24);
        is_found_in(editor.bytes(), details, "expected device ids up to 16777215, found 16777216");
    }
    {
        MetadataEditor editor = sound;
        editor.set_root(1, 0);
        is_found_in(editor.bytes(), 0, "checksum");
    }
}

TEST_CASE("thin damage: inputs found by fuzzing are handled", "[lvm][thin][fuzz]") {
    int inputs = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(varve::test::source_path("tests/fuzz/corpus/thin_tree"))) {
        CAPTURE(entry.path().string());
        CHECK_NOTHROW(fuzz::open_walk_compare(writer_test::read_file(entry.path().string())));
        ++inputs;
    }
    CHECK(inputs >= 4);
}

TEST_CASE("thin damage: the fuzzing seeds are pools that open", "[lvm][thin][fuzz]") {
    for (const auto& [name, devices] : std::map<std::string, std::size_t>{
             {"flat_192k", 3}, {"shared_nodes", 3}, {"unequal_heights", 3}, {"held_root", 2}}) {
        CAPTURE(name);
        const Bytes seed_bytes =
            writer_test::read_file(varve::test::source_path("tests/fuzz/corpus/thin_tree/" + name));
        CHECK(open_pool(seed_bytes).devices.list().size() == devices);
        CHECK_FALSE(survey(seed_bytes).empty());
        if (name != "held_root") continue;
        const auto device = named_device(std::make_shared<MemoryDisk>(seed_bytes), "tmeta");
        CHECK(open_pool(device, SuperblockChoice::held).superblock.number == 5);
    }
}

}  // namespace varve::thin::test
