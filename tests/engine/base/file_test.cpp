// Files that are read at offsets which no file has.

#include "engine/base/file.h"

#include <fcntl.h>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/fakes/temporary_folder.h"

using namespace varve;

namespace {

constexpr std::uint64_t offset_max = ~std::uint64_t{0} / 2;  // of an off_t

}  // namespace

TEST_CASE("file: reading past the end finds fewer bytes, at any offset", "[file]") {
    const TemporaryFolder folder;
    const File file = File::open(folder / "a", O_RDWR | O_CREAT);
    file.write_all({}, Bytes(10, std::byte{1}));
    Bytes out(4);
    CHECK(file.read_some({6}, out) == 4);
    CHECK(file.read_some({7}, out) == 3);
    for (const std::uint64_t at :
         {std::uint64_t{10}, offset_max - 4, offset_max - 1, offset_max, offset_max + 1, ~std::uint64_t{0}}) {
        CAPTURE(at);
        CHECK(file.read_some({at}, out) == 0);
    }
}

TEST_CASE("file: reading exactly past the end is corrupt, at any offset", "[file]") {
    const TemporaryFolder folder;
    const File file = File::open(folder / "a", O_RDWR | O_CREAT);
    file.write_all({}, Bytes(10, std::byte{1}));
    Bytes out(4);
    for (const std::uint64_t at : {std::uint64_t{7}, std::uint64_t{10}, offset_max - 1, offset_max, offset_max + 1}) {
        CAPTURE(at);
        try {
            file.read_exactly({at}, out);
            FAIL("no error");
        } catch (const Error& e) {
            CHECK(e.code() == ErrorCode::corrupt);
        }
    }
}
