// The seeds and past findings of the VDI fuzz target, run by every build.

#include <filesystem>

#include "tests/catch.h"
#include "tests/fuzz/vdi_walk.h"
#include "tests/support/build_paths.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {

TEST_CASE("fuzz corpus: every input is read or refused as a VDI image", "[vdi][bad-input]") {
    unsigned inputs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(test::source_path("tests/fuzz/corpus/vdi"))) {
        INFO(entry.path().string());
        CHECK_NOTHROW(fuzz::open_walk_read_vdi(writer_test::read_file(entry.path().string())));
        ++inputs;
    }
    CHECK(inputs >= 8);
}

TEST_CASE("fuzz corpus: the VDI seeds are images that open", "[vdi][bad-input]") {
    for (const std::string name : {"dynamic", "static", "old", "extra", "odd-offsets", "difference", "twice"}) {
        CAPTURE(name);
        const vdi::Reader reader(
            fuzz::memory_source(writer_test::read_file(test::source_path("tests/fuzz/corpus/vdi/" + name))), {},
            std::make_shared<ReadCaches>());
        CHECK(read_all(reader).size() == reader.info().virtual_size.value);
        CHECK(reader.info().warnings.size() == (name == "twice" ? 1u : 0u));
        CHECK(reader.header().is_differencing() == (name == "difference"));
    }
}

}  // namespace varve::reader_test
