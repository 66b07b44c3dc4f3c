// kill -9 of the real program at random moments of a backup: nothing committed is lost, nothing needs unlocking, and
// complete packs that were left behind are used.

#include <cstdio>

#include "store/backend/local_backend.h"
#include "tests/support/killed_program.h"
#include "tests/support/long_test.h"
#include "tests/support/packs_of.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::DiskFile;
using test::KillMoment;
using test::Program;

TEST_CASE("kill: 100 backups cut off by kill -9 lose nothing and store nothing twice", "[crash]") {
    constexpr int kills = test_rounds(100);
    constexpr std::uint64_t seed = 20261122;
    std::printf("kill test: seed %llu, %d kills\n", static_cast<unsigned long long>(seed), kills);
    const TemporaryFolder folder;
    const Program program(folder);
    program.must({"init"});
    DiskFile disk(folder / "disk.raw", seed);

    KillMoment moment(seed);
    moment.learn([&] { program.must({"backup", folder / "disk.raw"}); });
    int cut_off = 0;
    for (int i = 0; i < kills; ++i) {
        disk.change();
        if (moment.kills(program, {"backup", folder / "disk.raw"})) ++cut_off;
        if (i % 10 == 9) program.must({"verify", "-q"});
    }
    std::printf("kill test: %d of %d were cut off\n", cut_off, kills);
    REQUIRE(cut_off > kills / 4);

    program.must({"backup", folder / "disk.raw"});
    program.must({"verify"});
    program.must({"verify", "disk@latest", "--against", folder / "disk.raw"});
    const auto backend = LocalBackend::open(folder / "repo");
    test::TestRepository repository(*backend);
    REQUIRE(test::chunks_stored_twice(repository.chunks) == 0);
}
