// The seeds and past findings of the qcow1 fuzz target, run by every build.

#include <filesystem>

#include "tests/catch.h"
#include "tests/fuzz/qcow1_walk.h"
#include "tests/support/build_paths.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {

TEST_CASE("fuzz corpus: every input of the qcow1 target is read or refused", "[qcow1][bad-input]") {
    unsigned inputs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(test::source_path("tests/fuzz/corpus/qcow1"))) {
        INFO(entry.path().string());
        CHECK_NOTHROW(fuzz::open_walk_read_qcow1(writer_test::read_file(entry.path().string())));
        ++inputs;
    }
    CHECK(inputs >= 4);
}

}  // namespace varve::reader_test
