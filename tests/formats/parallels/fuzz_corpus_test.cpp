// The seeds and past findings of the Parallels fuzz target, run by every build.

#include <filesystem>

#include "tests/catch.h"
#include "tests/fuzz/parallels_walk.h"
#include "tests/support/build_paths.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {

TEST_CASE("fuzz corpus: every input of the Parallels target is read or refused", "[parallels][bad-input]") {
    unsigned inputs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(test::source_path("tests/fuzz/corpus/parallels"))) {
        INFO(entry.path().string());
        CHECK_NOTHROW(fuzz::open_walk_read_parallels(writer_test::read_file(entry.path().string())));
        ++inputs;
    }
    CHECK(inputs >= 6);
}

TEST_CASE("fuzz corpus: the Parallels seeds open", "[parallels][bad-input]") {
    for (const std::string name : {"extended", "old", "bitmaps"}) {
        CAPTURE(name);
        const parallels::Reader reader(
            fuzz::memory_source(writer_test::read_file(test::source_path("tests/fuzz/corpus/parallels/" + name))), {},
            std::make_shared<ReadCaches>());
        CHECK(read_all(reader).size() == reader.info().virtual_size.value);
        CHECK(reader.info().warnings.empty());
        CHECK(reader.info().bitmaps.size() == (name == "bitmaps" ? 1u : 0u));
    }
}

}  // namespace varve::reader_test
