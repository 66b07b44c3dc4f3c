// The fixtures on which the other LVM tests depend exist and match their README.

#include "tests/formats/lvm/fixture.h"
#include "tests/catch.h"

namespace varve::lvm_test {

TEST_CASE("lvm fixtures: every disk is unpacked to its full size", "[lvm]") {
    const auto sizes = [](const std::string& name) {
        std::vector<std::uint64_t> mebibytes;
        for (const std::string& disk : fixture_disks(name)) mebibytes.push_back(std::filesystem::file_size(disk) >> 20);
        return mebibytes;
    };
    CHECK(sizes("linear") == std::vector<std::uint64_t>{96, 48, 48, 32, 24, 64});
    CHECK(sizes("snap") == std::vector<std::uint64_t>{256, 128});
    CHECK(sizes("thin") == std::vector<std::uint64_t>{160, 128});
    CHECK(sizes("exotic") == std::vector<std::uint64_t>{64, 64, 48, 24});
}

}  // namespace varve::lvm_test
