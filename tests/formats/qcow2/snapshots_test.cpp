// Internal snapshots as sources. `qemu-img convert -l` keeps the size of the active disk and so truncates a larger
// snapshot; the oracle here is `qemu-img snapshot -a` on a copy.

#include <fmt/format.h>

#include "formats/snapshot_change_source.h"
#include "tests/catch.h"
#include "tests/formats/qcow2/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

Bytes truth_of(const ScratchFolder& folder, const std::string& path, const std::string& snapshot) {
    const std::string copy = folder.file("copy.qcow2");
    std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
    qemu_img({"snapshot", "-a", snapshot, copy});
    return qemu_bytes(copy, "qcow2");
}

/// Snapshots of 1 MiB and 6 MiB in a disk of 2 MiB; all of 1 MiB in version 2, where qemu no longer resizes.
std::string make_image(const ScratchFolder& folder, const std::string& compat,
                       const std::string& options = "cluster_size=4096") {
    const bool resizes = compat != "0.10";
    const std::string path = folder.file("disk.qcow2");
    qemu_img({"create", "-q", "-f", "qcow2", "-o", options + ",compat=" + compat, path, "1M"});
    qemu_io(path, "qcow2", {"write -P 1 0 300k", "write -c -P 2 512k 4k"});
    qemu_img({"snapshot", "-c", "small", path});
    if (resizes) qemu_img({"resize", "-q", path, "6M"});
    qemu_io(path, "qcow2", {"write -P 3 100k 100k", "write -P 4 5M 1M"});
    qemu_img({"snapshot", "-c", "large", path});
    if (resizes) qemu_img({"resize", "-q", "--shrink", path, "2M"});
    qemu_io(path, "qcow2", {"write -P 5 50k 500k", "discard 0 8k"});
    return path;
}

/// A builder with two snapshots of the active L1 table.
Qcow2Builder with_snapshots(const std::string& id_a, const std::string& name_a, const std::string& id_b,
                            const std::string& name_b) {
    Qcow2Builder image;
    image.data_cluster(0, 'A');
    const std::uint64_t table = image.end();
    std::uint64_t at = table;
    for (const auto& [id, name] : {std::pair(id_a, name_a), std::pair(id_b, name_b)}) {
        image.be64(at, image.l1()).be32(at + 8, 1);
        image.be16(at + 12, static_cast<std::uint16_t>(id.size()))
            .be16(at + 14, static_cast<std::uint16_t>(name.size()));
        image.be32(at + 16, 1'700'000'000).be32(at + 20, 5).be32(at + 36, 16).be64(at + 48, 32768);
        image.text(at + 56, id + name);
        at = (at + 56 + id.size() + name.size() + 7) / 8 * 8;
        image.grow(at);
    }
    image.be32(60, 2).be64(64, table);
    return image;
}

}  // namespace

TEST_CASE("snapshots: each reads with its own size and bytes", "[formats][qcow2][oracle]") {
    ScratchFolder folder;
    for (const std::string compat : {"0.10", "1.1"}) {
        CAPTURE(compat);
        const std::string path = make_image(folder, compat);
        for (const std::string name : {"small", "large"}) {
            const Bytes truth = truth_of(folder, path, name);
            const auto reader = open_image(path, {{.snapshot = name}});
            REQUIRE(reader->info().virtual_size.value == truth.size());
            CHECK((read_all(*reader) == truth));
        }
        const std::uint64_t large = compat == "0.10" ? 1u << 20 : 6u << 20;
        CHECK(open_image(path, {{.snapshot = "id:2"}})->info().virtual_size.value == large);
        const auto info = open_image(path)->info();
        REQUIRE(info.snapshots.size() == 2);
        CHECK(info.snapshots[0].name == "small");
        CHECK(info.snapshots[0].size.value == 1u << 20);
        CHECK(info.snapshots[1].size.value == large);
        CHECK(info.snapshots[1].time_ns > 1'000'000'000'000'000'000);
        compare_with_qemu(path, "qcow2");
    }
}

TEST_CASE("snapshots: each reads with its own subclusters", "[formats][qcow2][oracle]") {
    ScratchFolder folder;
    const std::string path = make_image(folder, "1.1", "cluster_size=16k,extended_l2=on");
    for (const std::string name : {"small", "large"})
        CHECK((read_all(*open_image(path, {{.snapshot = name}})) == truth_of(folder, path, name)));
    compare_with_qemu(path, "qcow2");
}

TEST_CASE("snapshots: a snapshot over a backing file falls through to it", "[formats][qcow2][oracle]") {
    ScratchFolder folder;
    qemu_img({"create", "-q", "-f", "raw", folder.file("base.raw"), "1M"});
    qemu_io(folder.file("base.raw"), "raw", {"write -P 9 0 1M"});
    const std::string path = folder.file("disk.qcow2");
    qemu_img({"create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", path, "2M"});
    qemu_io(path, "qcow2", {"write -P 1 0 64k", "write -z 128k 64k"});
    qemu_img({"snapshot", "-c", "s", path});
    qemu_io(path, "qcow2", {"write -P 2 0 1M"});
    const Bytes truth = truth_of(folder, path, "s");
    CHECK((read_all(*open_image(path, {{.snapshot = "s"}})) == truth));
}

TEST_CASE("snapshots: the machine state after the end of the disk is never shown", "[formats][qcow2]") {
    ScratchFolder folder;
    const std::string path = folder.file("a.qcow2");
    // After the disk of 20,000 bytes, which ends inside the range of the first L1 entry: data where the second begins.
    Qcow2Builder image(20000);
    image.data_cluster(0, 'A').data_cluster(39, 'E').data_cluster(63, 'V');
    const std::uint64_t state_l2 = image.end();
    image.grow(state_l2 + 512).be64(state_l2, image.data() | Qcow2Builder::copied);
    image.be32(36, 2).be64(image.l1() + 8, state_l2 | Qcow2Builder::copied);
    const std::uint64_t table = image.end();
    image.be32(60, 1).be64(64, table).be64(table, image.l1()).be32(table + 8, 2).be16(table + 12, 1);
    image.be32(table + 32, 512).be32(table + 36, 16).be64(table + 40, 512).be64(table + 48, 20000);
    image.text(table + 56, "1").grow(table + 64);
    write_file(path, image.view());
    for (const std::optional<std::string>& state : {std::optional<std::string>(), std::optional<std::string>("1")}) {
        const auto reader = open_image(path, {{.snapshot = state}});
        const std::string bytes(text_of(read_all(*reader)));
        CHECK(bytes.size() == 20000);
        CHECK(bytes.find('V') == std::string::npos);
        CHECK(bytes.substr(39 * 512) == std::string(20000 - 39 * 512, 'E'));
        const Extent last = reader->extent_at(ByteOffset{39 * 512});
        CHECK(last == Extent{ByteOffset{39 * 512}, ByteCount{20000 - 39 * 512}, ExtentKind::data});
    }
    const auto map = changes_between_states(path, {}, "1");
    CHECK(map->change_at(ByteOffset{}).length.value == 20000);
}

TEST_CASE("snapshots: an ambiguous name is refused with the ids", "[formats][qcow2]") {
    ScratchFolder folder;
    const std::string path = folder.file("a.qcow2");
    write_file(path, with_snapshots("1", "night", "2", "night").view());
    CHECK_THAT(refusal_of(path, {{.snapshot = "night"}}), ContainsSubstring("'id:1', 'id:2'"));
    CHECK(refusal_of(path, {{.snapshot = "id:2"}}).empty());
    CHECK_THAT(refusal_of(path, {{.snapshot = "id:3"}}), ContainsSubstring("no internal snapshot 'id:3'"));

    write_file(path, with_snapshots("1", "2", "2", "x").view());
    CHECK_THAT(refusal_of(path, {{.snapshot = "2"}}), ContainsSubstring("2 snapshots that match"));
    CHECK(refusal_of(path, {{.snapshot = "x"}}).empty());
}

TEST_CASE("snapshots: error texts and facts keep control characters in names as they are", "[formats][qcow2]") {
    ScratchFolder folder;
    const std::string path = folder.file("a.qcow2");
    write_file(path, with_snapshots("1\x1b[2J", "\n", "2", "\xff").view());
    const std::string text = refusal_of(path, {{.snapshot = "x\ty"}});
    CHECK_THAT(text, ContainsSubstring("'id:1\x1b[2J'"));
    CHECK_THAT(text, ContainsSubstring("x\ty"));
    CHECK(open_image(path)->info().snapshots.at(1).name == "\xff");
}

TEST_CASE("snapshots: a raw image has no snapshots", "[formats][raw]") {
    ScratchFolder folder;
    write_file(folder.file("a.raw"), Bytes(1000));
    CHECK_THAT(refusal_of(folder.file("a.raw"), {{.snapshot = "s"}}), ContainsSubstring("raw image"));
}

}  // namespace varve::reader_test
