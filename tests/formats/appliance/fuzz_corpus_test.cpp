// The seeds and past findings of the OVA and OVF fuzz targets, run by every build.

#include <filesystem>
#include <map>

#include "tests/catch.h"
#include "tests/formats/tar/builder.h"
#include "tests/fuzz/appliance_walk.h"
#include "tests/support/build_paths.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using namespace std::string_literals;
using tarball::end_blocks;
using tarball::HeaderBlock;
using tarball::member;
using tarball::padded;
using tarball::record;

const std::string corpus = test::source_path("tests/fuzz/corpus/");

template <typename Run>
unsigned run_appliance_corpus(const std::string& folder, Run run) {
    unsigned inputs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(corpus + folder)) {
        INFO(entry.path().string());
        const Bytes input = writer_test::read_file(entry.path().string());
        CHECK_NOTHROW(run(input));
        ++inputs;
    }
    return inputs;
}

/// The seeds of fuzz_tar_archive by their names.
std::map<std::string, std::string> tar_seeds() {
    return {
        {"ustar", member("a.ovf", "<Envelope/>") + member("sub/", "", '5') + member("a.vmdk", "disk") +
                      HeaderBlock("long", 0).prefix("folder").sealed() + end_blocks},
        {"gnu", HeaderBlock("././@LongLink", 9, 'L').gnu().sealed() + padded("from GNU\0"s) +
                    HeaderBlock("b", 0).gnu().binary_size(3).sealed() + padded("ccc") +
                    HeaderBlock("link", 0, '2').gnu().field(157, 100, "b").sealed() + std::string(512, '\0')},
        {"pax", member("g", record("comment", "all"), 'g') +
                    member("x", record("path", "caf\xc3\xa9") + record("size", "4"), 'x') +
                    HeaderBlock("b", 0).sealed() + padded("text")},
        {"sparse", member("x", record("GNU.sparse.major", "1"), 'x') + member("b", "") + end_blocks},
    };
}

}  // namespace

TEST_CASE("fuzz corpus: every OVA and OVF input is read or refused", "[formats][ova][bad-input]") {
    CHECK(run_appliance_corpus("tar_archive", [](ByteView input) { fuzz::list_archive(input); }) >= tar_seeds().size());
    CHECK(run_appliance_corpus("appliance", [](ByteView input) { fuzz::open_appliance(input); }) >= 3);
    CHECK(run_appliance_corpus("ovf", [](ByteView input) { fuzz::parse_ovf(input); }) >= 5);
}

TEST_CASE("fuzz corpus: the tar seeds are what the builder writes", "[formats][ova]") {
    for (const auto& [name, bytes] : tar_seeds()) {
        CAPTURE(name);
        CHECK(text_of(writer_test::read_file(corpus + "tar_archive/" + name)) == bytes);
    }
}

TEST_CASE("fuzz corpus: the OVF seeds are descriptors and manifests that parse", "[formats][ova]") {
    for (const auto& [name, disks] :
         std::map<std::string, std::size_t>{{"workstation", 3}, {"draft", 1}, {"utf16", 1}}) {
        CAPTURE(name);
        const Bytes input = writer_test::read_file(corpus + "ovf/" + name);
        CHECK(appliance::parse_descriptor(ByteView(input).subspan(1), name).disks.size() == disks);
    }
    const Bytes manifest = writer_test::read_file(corpus + "ovf/manifest");
    CHECK(appliance::parse_manifest(ByteView(manifest).subspan(1), "x").entries.size() == 3);
}

TEST_CASE("fuzz corpus: the appliance seeds have readable disks", "[formats][ova]") {
    for (const auto& [name, disks] : std::map<std::string, std::size_t>{{"several", 3}, {"packed", 2}, {"last", 3}}) {
        const std::string path = corpus + "appliance/" + name;
        OpenOptions options;
        options.image.format = "ova";
        const auto package = open_package(path, options);
        REQUIRE(package->disks().size() == disks);
        for (std::size_t i = 0; i < (name == "last" ? 0 : disks); ++i) {
            CAPTURE(name, i);
            options.package.member = package->disks()[i].name;
            CHECK(open_image(path, options)->info().virtual_size.value > 0);
        }
    }
}

}  // namespace varve::reader_test
