// 7-Zip treats disk images as archives with one file, the disk: a reader that shares no code with varve, qemu or
// libvmdk.

#include "formats/create_image.h"
#include "tests/catch.h"
#include "tests/contract/image_writer_contract.h"
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

TEST_CASE("7-Zip extracts the disk from what varve wrote", "[vdi][vmdk][second-reader]") {
    const std::vector<Kind> kinds{{"vdi", {}},
                                  {"vdi", {{"static", "on"}}},
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
            const std::string path = folder.file("disk." + kind.format);
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

}  // namespace varve::reader_test
