// The seeds and past findings of the VHD fuzz target, run by every build.

#include <filesystem>

#include "tests/catch.h"
#include "tests/fuzz/vhd_walk.h"
#include "tests/support/build_paths.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {

TEST_CASE("fuzz corpus: every input is read or refused as a VHD", "[vhd][bad-input]") {
    unsigned inputs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(test::source_path("tests/fuzz/corpus/vhd"))) {
        INFO(entry.path().string());
        CHECK_NOTHROW(fuzz::open_walk_read_vhd(writer_test::read_file(entry.path().string())));
        ++inputs;
    }
    CHECK(inputs >= 13);
}

TEST_CASE("fuzz corpus: the VHD seeds are images that open", "[vhd][bad-input]") {
    struct Seed {
        std::string name;
        std::size_t warnings;
    };
    for (const auto& [name, warnings] :
         {Seed{"dynamic", 0}, Seed{"fixed", 0}, Seed{"fixed-old", 0}, Seed{"old-footer", 0}, Seed{"difference", 0},
          Seed{"empty-8M", 0}, Seed{"copy-only", 1}, Seed{"footer-only", 1}, Seed{"overlap", 1}, Seed{"geometry", 1},
          Seed{"wrong-checksums", 2}}) {
        CAPTURE(name);
        const vhd::Reader reader(
            fuzz::memory_source(writer_test::read_file(test::source_path("tests/fuzz/corpus/vhd/" + name))), {},
            std::make_shared<ReadCaches>());
        CHECK(read_all(reader).size() == reader.info().virtual_size.value);
        CHECK(reader.info().warnings.size() == warnings);
        CHECK(reader.layout().is_differencing() == (name == "difference"));
    }
}

}  // namespace varve::reader_test
