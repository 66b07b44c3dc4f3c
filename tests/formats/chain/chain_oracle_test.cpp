// Backing chains of qcow2 and raw in any combination, with different sizes and relative names, compared with qemu-img.

#include <random>

#include <fmt/format.h>

#include "tests/catch.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

constexpr std::uint64_t seed = 20261122;

std::vector<std::string> random_commands(std::mt19937_64& random, std::uint64_t size) {
    std::vector<std::string> commands;
    for (int i = 0; i < 10; ++i) {
        const std::uint64_t length = 512 + random() % (size / 10) / 512 * 512;
        const std::uint64_t at = random() % (size - length) / 512 * 512;
        const auto pattern = static_cast<unsigned>(1 + random() % 255);
        constexpr std::array verbs{"write -P {2} {0} {1}", "write -z {0} {1}", "discard {0} {1}"};
        commands.push_back(fmt::format(fmt::runtime(verbs[random() % verbs.size()]), at, length, pattern));
    }
    return commands;
}

}  // namespace

TEST_CASE("chains: a chain of layers reads the same as in qemu", "[formats][qcow2][raw][oracle]") {
    WARN("seed " << seed);
    std::mt19937_64 random(seed);
    ScratchFolder folder;
    std::filesystem::create_directory(folder.path() / "base");
    constexpr std::array cluster_sizes{"512", "4096", "65536", "2097152"};
    for (int round = 0; round < 8; ++round) {
        const bool raw_base = round % 2 == 0;
        std::string below = folder.file("base/b" + std::to_string(round));
        std::string below_name = "base/b" + std::to_string(round);
        std::string below_format = raw_base ? "raw" : "qcow2";
        std::uint64_t size = (1 + random() % 3) << 20;
        qemu_img({"create", "-q", "-f", below_format, below, fmt::format("{}", size)});
        qemu_io(below, below_format, random_commands(random, size));
        for (int depth = 1; depth <= 3; ++depth) {
            const std::string name = fmt::format("o{}-{}.qcow2", round, depth);
            size = (1 << 20) + random() % (3 << 20) / 512 * 512;  // shorter or longer than the one below
            qemu_img({"create", "-q", "-f", "qcow2", "-o",
                      fmt::format("cluster_size={}", cluster_sizes[random() % cluster_sizes.size()]), "-b", below_name,
                      "-F", below_format, folder.file(name), fmt::format("{}", size)});
            qemu_io(folder.file(name), "qcow2", random_commands(random, size));
            CAPTURE(seed, round, depth);
            compare_with_qemu(folder.file(name), "qcow2");
            below_name = name;
            below_format = "qcow2";
        }
    }
}

TEST_CASE("chains: the layers are listed with canonical paths and formats", "[formats][qcow2]") {
    ScratchFolder folder;
    qemu_img({"create", "-q", "-f", "raw", folder.file("base.raw"), "1M"});
    qemu_img({"create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", folder.file("mid.qcow2")});
    qemu_img({"create", "-q", "-f", "qcow2", "-b", "./mid.qcow2", "-F", "qcow2", folder.file("top.qcow2")});
    const OpenedImage image = open_image_chain(folder.path().string() + "/./top.qcow2");
    const auto root = std::filesystem::canonical(folder.path());
    REQUIRE(image.layers.size() == 3);
    CHECK(image.layers[0].path == (root / "top.qcow2").string());
    CHECK(image.layers[1].path == (root / "mid.qcow2").string());
    CHECK(image.layers[2].path == (root / "base.raw").string());
    CHECK(image.layers[0].format == "qcow2");
    CHECK(image.layers[2].format == "raw");
    CHECK(image.reader->info().backing == "./mid.qcow2");
}

}  // namespace varve::reader_test
