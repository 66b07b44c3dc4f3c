#include "formats/output/early_writeback.h"

#include <fcntl.h>
#include <unistd.h>
#include <array>

#include "engine/base/error.h"
#include "tests/catch.h"

namespace varve {

TEST_CASE("early writeback: calls the system once every 32 MiB, and reports its errors", "[early-writeback]") {
    const File closed(UniqueFd(), "gone.raw");  // the system's answer is an error
    EarlyWriteback writeback;
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 31; ++i) writeback.wrote(closed, mib(1));
        try {
            writeback.wrote(closed, mib(1));
            FAIL("an error was expected");
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::io);
            CHECK_THAT(error.what(), ContainsSubstring("'gone.raw'"));
        }
    }
    writeback.wrote(closed, mib(31));
}

TEST_CASE("early writeback: does nothing where the system has no such call", "[early-writeback]") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const UniqueFd reading(ends[0]);
    const File pipe(UniqueFd(ends[1]), "pipe");
    CHECK_NOTHROW(EarlyWriteback().wrote(pipe, mib(100)));
}

}  // namespace varve
