// VMDK compared with qemu-img: what qemu writes in every subformat, with and without a parent, reads as qemu's bytes
// and extents.

#include <fmt/format.h>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/contract/image_reader_contract.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

constexpr std::uint64_t oracle_seed = 20261122;
constexpr std::uint64_t grain = 65536;

bool is_flat(const std::string& subformat) { return subformat.ends_with("Flat"); }

void check_bytes(const std::string& path) {
    const auto reader = open_image(path, {{.format = "vmdk"}});
    const Bytes expected = qemu_bytes(path, "vmdk");
    REQUIRE(reader->info().virtual_size.value == expected.size());
    const auto difference = writer_test::first_difference(read_all(*reader), expected);
    INFO("first difference at byte " << difference.value_or(0));
    CHECK_FALSE(difference);
}

/// qemu reports the holes of a flat extent as data.
void check(const std::string& path, const std::string& subformat) {
    if (is_flat(subformat))
        check_bytes(path);
    else
        compare_with_qemu(path, "vmdk");
}

}  // namespace

TEST_CASE("VMDK: what qemu writes reads as the same bytes and extents", "[formats][vmdk][oracle]") {
    std::mt19937_64 random(oracle_seed);
    CAPTURE(oracle_seed);
    for (const std::string subformat :
         {"monolithicSparse", "monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"}) {
        for (const std::string more : {"", ",zeroed_grain=on"}) {
            if (is_flat(subformat) && !more.empty()) continue;
            for (const std::uint64_t size : {std::uint64_t{8} << 20, (std::uint64_t{33} << 20) + 5 * 512}) {
                CAPTURE(subformat, more, size);
                ScratchFolder folder;
                const std::string path = folder.file("disk.vmdk");
                qemu_img(
                    {"create", "-q", "-f", "vmdk", "-o", "subformat=" + subformat + more, path, std::to_string(size)});
                qemu_io(path, "vmdk", random_commands(random, size, grain, 12, false));
                check(path, subformat);
                const auto info = open_image(path)->info();
                CHECK(info.format == "vmdk");
                CHECK(info.options.at("subformat") == subformat);
                CHECK(info.options.at("adapter_type") == "ide");
                CHECK(info.cluster_size.value == (is_flat(subformat) ? 0 : grain));
                if (!is_flat(subformat)) CHECK(info.options.at("zeroed_grain") == (more.empty() ? "off" : "on"));
                CHECK(info.warnings.empty());
            }
        }
    }
}

TEST_CASE("VMDK: chains of three images read as qemu's bytes and extents", "[formats][vmdk][oracle]") {
    std::mt19937_64 random(oracle_seed + 1);
    constexpr std::uint64_t size = 9 << 20;
    for (const std::string zeroed : {"off", "on"}) {
        CAPTURE(oracle_seed, zeroed);
        ScratchFolder folder;
        std::string below;
        for (const std::string name : {"base.vmdk", "mid.vmdk", "top.vmdk"}) {
            const std::string path = folder.file(name);
            std::vector<std::string> create{"create", "-q", "-f", "vmdk", "-o", "zeroed_grain=" + zeroed};
            if (!below.empty()) create.insert(create.end(), {"-b", below, "-F", "vmdk"});
            create.push_back(path);
            if (below.empty()) create.push_back(std::to_string(size));
            qemu_img(create);
            qemu_io(path, "vmdk", random_commands(random, size, grain, 8, false));
            compare_with_qemu(path, "vmdk");
            below = name;
        }
        const OpenedImage image = open_image_chain(folder.file("top.vmdk"));
        CHECK(image.layers.size() == 3);
        CHECK(image.reader->info().backing == "mid.vmdk");
    }
}

TEST_CASE("VMDK stream: what qemu writes reads as the same bytes and extents", "[formats][vmdk][oracle]") {
    std::mt19937_64 random(oracle_seed + 2);
    for (const std::uint64_t size : {std::uint64_t{1} << 20, (std::uint64_t{70} << 20) + 512}) {
        CAPTURE(oracle_seed, size);
        ScratchFolder folder;
        const std::string raw = folder.file("disk.raw");
        const std::string path = folder.file("disk.vmdk");
        qemu_img({"create", "-q", "-f", "raw", raw, std::to_string(size)});
        qemu_io(raw, "raw", random_commands(random, size, grain, 9, false));
        qemu_img({"convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", raw, path});
        // With a partial last grain qemu fails unless it reads the whole disk; then the raw disk is the oracle.
        const auto reader = open_image(path);
        CHECK(writer_test::read_file(raw) == read_all(*reader));
        CHECK(reader->info().options.at("subformat") == "streamOptimized");
        CHECK(reader->info().warnings.empty());
        compare_with_qemu(path, "vmdk");
    }
}

TEST_CASE("VMDK: pieces of 2 GiB are read across their borders", "[formats][vmdk][oracle]") {
    ScratchFolder folder;
    for (const std::string subformat : {"twoGbMaxExtentSparse", "twoGbMaxExtentFlat"}) {
        CAPTURE(subformat);
        const std::string path = folder.file(subformat + ".vmdk");
        qemu_img({"create", "-q", "-f", "vmdk", "-o", "subformat=" + subformat, path, "5G"});
        qemu_io(path, "vmdk", {"write -P 7 2147000k 1M", "write -P 9 4294900k 300k", "write -P 3 5368708608 512"});
        const OpenedImage image = open_image_chain(path);
        CHECK(image.layers.size() == 4);
        CHECK(image.reader->info().virtual_size.value == std::uint64_t{5} << 30);
        for (const auto& [at, length, fill] :
             std::vector<std::tuple<std::uint64_t, std::size_t, int>>{{std::uint64_t{2147000} << 10, 1 << 20, 7},
                                                                      {std::uint64_t{4294900} << 10, 300 << 10, 9},
                                                                      {std::uint64_t{5368708608}, 512, 3}}) {
            Bytes bytes(length);
            image.reader->read(ByteOffset{at}, bytes);
            CHECK(bytes == Bytes(length, static_cast<std::byte>(fill)));
        }
        Bytes before(4096, std::byte{1});
        image.reader->read(ByteOffset{(std::uint64_t{2147000} << 10) - 4096}, before);
        CHECK(is_zero(before));
    }
}

TEST_CASE("contract: vmdk in every subformat", "[formats][vmdk][contract]") {
    ScratchFolder folder;
    qemu_img({"create", "-q", "-f", "raw", folder.file("disk.raw"), "5243392"});
    qemu_io(folder.file("disk.raw"), "raw", {"write -P 1 100k 300k", "write -P 2 2M 900k", "write -P 3 5242880 512"});
    const Bytes expected = writer_test::read_file(folder.file("disk.raw"));
    for (const std::string subformat :
         {"monolithicSparse", "monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat", "streamOptimized"}) {
        CAPTURE(subformat);
        const std::string path = folder.file(subformat + ".vmdk");
        qemu_img({"convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=" + subformat, folder.file("disk.raw"), path});
        contract::check_image_reader(*open_image(path), expected);
    }
}

TEST_CASE("VMDK: a qcow2 image may be based on one", "[formats][vmdk][oracle]") {
    ScratchFolder folder;
    qemu_img({"create", "-q", "-f", "vmdk", folder.file("base.vmdk"), "4M"});
    qemu_io(folder.file("base.vmdk"), "vmdk", {"write -P 5 1M 300k"});
    qemu_img({"create", "-q", "-f", "qcow2", "-b", "base.vmdk", "-F", "vmdk", folder.file("top.qcow2")});
    qemu_io(folder.file("top.qcow2"), "qcow2", {"write -P 6 1200k 64k", "write -z 3M 64k"});
    compare_with_qemu(folder.file("top.qcow2"), "qcow2");
}

TEST_CASE("VMDK: a renamed image reads as before", "[formats][vmdk]") {
    ScratchFolder folder;
    for (const std::string subformat : {"monolithicSparse", "streamOptimized"}) {
        CAPTURE(subformat);
        const std::string raw = folder.file("disk.raw");
        writer_test::write_file(raw, Bytes(300'032, std::byte{0x42}));
        qemu_img({"convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=" + subformat, raw, folder.file("a.vmdk")});
        std::filesystem::rename(folder.file("a.vmdk"), folder.file("b.bin"));
        CHECK(read_all(*open_image(folder.file("b.bin"))) == writer_test::read_file(raw));
    }
}

}  // namespace varve::reader_test
