// The seeds and past findings of the VMDK fuzz targets, run by every build.

#include <filesystem>

#include "tests/catch.h"
#include "tests/fuzz/vmdk_walk.h"
#include "tests/support/build_paths.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

template <typename Run>
unsigned run_vmdk_corpus(const std::string& folder, Run run) {
    unsigned inputs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(test::source_path("tests/fuzz/corpus/" + folder))) {
        INFO(entry.path().string());
        const Bytes input = writer_test::read_file(entry.path().string());
        CHECK_NOTHROW(run(input));
        ++inputs;
    }
    return inputs;
}

}  // namespace

TEST_CASE("fuzz corpus: every VMDK input is read or refused", "[formats][vmdk][bad-input]") {
    CHECK(run_vmdk_corpus("vmdk", [](ByteView input) { fuzz::open_walk_read_vmdk(input); }) >= 5);
    CHECK(run_vmdk_corpus("vmdk_descriptor", [](ByteView input) { fuzz::parse_vmdk_descriptor(input); }) >= 3);
}

TEST_CASE("fuzz corpus: the VMDK seeds are images that open", "[formats][vmdk]") {
    for (const std::string name : {"hosted", "stream", "cowd"}) {
        CAPTURE(name);
        const Bytes input = writer_test::read_file(test::source_path("tests/fuzz/corpus/vmdk/" + name));
        const varve::vmdk::Reader reader(fuzz::memory_source(input), {}, std::make_shared<ReadCaches>());
        CHECK(reader.info().virtual_size.value == 1 << 20);
        std::byte first{};
        reader.read(ByteOffset{name == "hosted" ? 4096u : 0u}, ByteSpan(&first, 1));
        CHECK(first == std::byte{'a'});
    }
}

}  // namespace varve::reader_test
