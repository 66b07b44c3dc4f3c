// 7-Zip treats disk images as archives with one file, the disk: a reader that shares no code with varve, qemu or
// libvmdk.

#include "formats/create_image.h"
#include "tests/catch.h"
#include "tests/contract/image_writer_contract.h"
#include "tests/formats/vhd/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

/// The one file that 7-Zip extracts from `image`.
Bytes extracted(const std::string& image) {
    const ScratchFolder folder;
    const auto result = writer_test::run_tool({"7zz", "x", "-y", "-bd", "-o" + folder.path().string(), image});
    INFO(result.output);
    REQUIRE(result.status == 0);
    REQUIRE(folder.names().size() == 1);
    return writer_test::read_file(folder.file(folder.names().front()));
}

struct Kind {
    std::string format;
    OptionMap options;
};

}  // namespace

TEST_CASE("7-Zip extracts the disk from what varve wrote", "[vdi][vhd][vmdk][second-reader]") {
    const std::vector<Kind> kinds{{"vdi", {}},
                                  {"vdi", {{"static", "on"}}},
                                  {"vpc", {}},
                                  {"vpc", {{"subformat", "fixed"}}},
                                  {"vmdk", {{"subformat", "monolithicSparse"}}},
                                  {"vmdk", {{"subformat", "monolithicSparse"}, {"zeroed_grain", "on"}}},
                                  {"vmdk", {{"subformat", "monolithicFlat"}}},
                                  {"vmdk", {{"subformat", "twoGbMaxExtentSparse"}}},
                                  {"vmdk", {{"subformat", "twoGbMaxExtentFlat"}}},
                                  {"vmdk", {{"subformat", "vmfs"}}},
                                  {"vmdk", {{"subformat", "streamOptimized"}}},
                                  {"qcow2", {}},
                                  {"qcow2", {{"compress", "on"}}}};
    for (const Kind& kind : kinds) {
        for (const std::uint64_t bytes :
             {std::uint64_t{512}, std::uint64_t{4} << 20, (std::uint64_t{5} << 20) + 1536}) {
            CAPTURE(kind.format, kind.options, bytes);
            const ScratchFolder folder;
            const std::string path = folder.file("disk." + extension_of_format(kind.format).value());
            const contract::Pattern pattern = contract::random_pattern({bytes}, 51, 300000);
            const auto writer =
                create_image(path, {.format = kind.format, .virtual_size = {bytes}, .options = kind.options});
            contract::play(*writer, pattern);
            writer->finish();
            const Bytes found = extracted(path);
            CHECK(found.size() == bytes);
            CHECK(writer_test::first_difference(found, pattern.guest) == std::nullopt);
        }
    }
}

TEST_CASE("7-Zip extracts the same disk from differencing VHDs, which qemu reads wrongly", "[vhd][second-reader]") {
    const ScratchFolder folder;
    std::mt19937_64 random(20261201);
    constexpr std::uint32_t block = 1 << 19;
    vhd_test::Image below(7 * block - 512, block);
    for (const std::uint32_t i : {5u, 0u, 2u, 3u}) below.put(i, Bytes(block, static_cast<std::byte>('a' + i)));
    below.save(folder.file("0.vhd"));
    for (unsigned level = 1; level <= 3; ++level) {
        vhd_test::Image image(7 * block - 512, block);
        image.type = 4;
        image.id = vhd_test::id_of(level + 1);
        image.parent = below.id;
        const std::string parent = std::to_string(level - 1) + ".vhd";
        image.parent_name = vhd_test::utf16_big(parent);
        image.locators = {{"W2ru", vhd_test::utf16_little(".\\" + parent)}};
        for (std::uint32_t i = level - 1; i < image.table.size(); i += 2) {
            std::vector<std::uint32_t> sectors;
            for (std::uint32_t s = 0; s < block / 512; ++s)
                if (random() % 3 == 0) sectors.push_back(s);
            image.put_sectors(i, Bytes(block, static_cast<std::byte>('A' + level)), sectors);
        }
        const std::string name = std::to_string(level) + ".vhd";
        image.save(folder.file(name));
        const Bytes disk = read_all(*open_image(folder.file(name)));
        CHECK(writer_test::first_difference(extracted(folder.file(name)), disk) == std::nullopt);
        below = image;
    }
}

}  // namespace varve::reader_test
