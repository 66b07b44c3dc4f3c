// The seeds and past findings of the LUKS fuzz target, run by every build.

#include <filesystem>

#include "tests/catch.h"
#include "tests/fuzz/luks_walk.h"
#include "tests/support/build_paths.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {

TEST_CASE("fuzz corpus: every input is read or refused as a LUKS volume", "[luks][bad-input]") {
    unsigned inputs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(test::source_path("tests/fuzz/corpus/luks"))) {
        INFO(entry.path().string());
        CHECK_NOTHROW(fuzz::open_walk_read_luks(writer_test::read_file(entry.path().string())));
        ++inputs;
    }
    CHECK(inputs >= 4);
}

TEST_CASE("fuzz corpus: the LUKS seeds are volumes that their secret opens", "[luks][bad-input]") {
    for (const std::string name : {"xts", "cbc", "slots"}) {
        CAPTURE(name);
        const luks::Reader reader(
            fuzz::memory_source(writer_test::read_file(test::source_path("tests/fuzz/corpus/luks/" + name))),
            {{}, std::make_shared<crypt::SecretFile>(bytes_of("secret")), nullptr, false});
        CHECK(read_all(reader) == Bytes(1024, std::byte{'d'}));
    }
}

}  // namespace varve::reader_test
