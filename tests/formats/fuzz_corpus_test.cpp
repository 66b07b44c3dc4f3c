// The seeds and past findings of the qcow2 fuzz target, run by every build.

#include <filesystem>

#include "tests/catch.h"
#include "tests/formats/reader_support.h"
#include "tests/fuzz/qcow2_walk.h"

namespace varve::reader_test {

TEST_CASE("fuzz corpus: every input is read or refused", "[formats][qcow2][bad-input]") {
    unsigned inputs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(VARVE_SOURCE_DIR "/tests/fuzz/corpus/qcow2")) {
        INFO(entry.path().string());
        CHECK_NOTHROW(fuzz::open_walk_read(writer_test::read_file(entry.path().string())));
        ++inputs;
    }
    CHECK(inputs >= 11);
}

}  // namespace varve::reader_test
