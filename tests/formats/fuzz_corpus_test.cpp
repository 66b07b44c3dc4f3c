// The seeds and past findings of the fuzz targets of formats, run by every build.

#include <filesystem>

#include "tests/catch.h"
#include "tests/fuzz/qcow2_walk.h"
#include "tests/fuzz/write_check.h"
#include "tests/support/build_paths.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {

TEST_CASE("fuzz corpus: every input is read or refused", "[formats][qcow2][bad-input]") {
    unsigned inputs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(test::source_path("tests/fuzz/corpus/qcow2"))) {
        INFO(entry.path().string());
        CHECK_NOTHROW(fuzz::open_walk_read(writer_test::read_file(entry.path().string())));
        ++inputs;
    }
    CHECK(inputs >= 18);
}

TEST_CASE("fuzz corpus: the seeds of subclusters and data files are images that open", "[formats][qcow2][bad-input]") {
    for (const std::string name : {"subclusters", "subclusters-snapshot", "subclusters-bad", "data-file",
                                   "data-file-raw", "data-file-subclusters", "data-file-bad"}) {
        CAPTURE(name);
        const Bytes input = writer_test::read_file(test::source_path("tests/fuzz/corpus/qcow2/" + name));
        const auto open_data_file = [&](const std::string&) { return fuzz::memory_source(input); };
        const qcow2::Reader reader(fuzz::memory_source(input), {{}, false, {}, open_data_file},
                                   std::make_shared<ReadCaches>());
        const auto first = [&] { return reader.extent_at(ByteOffset{}); };
        if (name.ends_with("-bad"))
            CHECK_THROWS_AS(first(), Error);
        else
            CHECK(first().kind == ExtentKind::data);
        CHECK(reader.info().snapshots.size() == (name == "subclusters-snapshot" ? 1u : 0u));
    }
}

TEST_CASE("fuzz corpus: every plan of an image is read back as it was written", "[formats][qcow2][plan]") {
    unsigned inputs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(test::source_path("tests/fuzz/corpus/image_writer"))) {
        INFO(entry.path().string());
        fuzz::check_reads_back(fuzz::choose_plan(writer_test::read_file(entry.path().string())));
        ++inputs;
    }
    CHECK(inputs >= 24);
}

}  // namespace varve::reader_test
