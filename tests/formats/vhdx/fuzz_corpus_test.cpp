// The seeds and past findings of the vhdx fuzz target, run by every build.

#include <filesystem>

#include "tests/catch.h"
#include "tests/fuzz/vhdx_walk.h"
#include "tests/support/build_paths.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {

TEST_CASE("fuzz corpus: every input of the vhdx target is read or refused, and the seeds are images",
          "[vhdx][bad-input]") {
    unsigned images = 0;
    unsigned inputs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(test::source_path("tests/fuzz/corpus/vhdx"))) {
        INFO(entry.path().string());
        const Bytes input = writer_test::read_file(entry.path().string());
        CHECK_NOTHROW(fuzz::open_walk_read_vhdx(input));
        try {
            const vhdx::Reader reader(fuzz::memory_source(fuzz::vhdx_file_of(input)), {},
                                      std::make_shared<ReadCaches>());
            if (!read_all(reader).empty()) ++images;
        } catch (const Error&) {
        }
        ++inputs;
    }
    CHECK(inputs >= 3);
    CHECK(images >= 3);
}

}  // namespace varve::reader_test
