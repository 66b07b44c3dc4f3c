#include "catalog/id_filter.h"

#include <fstream>
#include <random>

#include "tests/catch.h"
#include "tests/fakes/temporary_folder.h"

namespace varve {
namespace {

constexpr std::uint64_t tag_count = 100'000;

IdFilterBuilder filled() {
    IdFilterBuilder builder(tag_count);
    std::mt19937_64 random(1);
    for (std::uint64_t i = 0; i < tag_count; ++i) builder.add(random());
    return builder;
}

bool has_all(const IdFilter& filter) {
    std::mt19937_64 random(1);
    for (std::uint64_t i = 0; i < tag_count; ++i)
        if (!filter.may_contain(random())) return false;
    return true;
}

}  // namespace

TEST_CASE("id filter: no tag that was added is absent, and few others are present", "[catalog]") {
    const auto filter = filled().finish();
    CHECK(has_all(*filter));
    std::mt19937_64 random(2);
    int present = 0;
    for (int i = 0; i < 100'000; ++i) present += filter->may_contain(random()) ? 1 : 0;
    CHECK(present < 1000);
}

TEST_CASE("id filter: a filter for no tags has none", "[catalog]") {
    const auto filter = IdFilterBuilder(0).finish();
    CHECK_FALSE(filter->may_contain(0));
    CHECK_FALSE(filter->may_contain(~IdTag{0}));
}

TEST_CASE("id filter: a file is accepted only if it is whole and has its key", "[catalog]") {
    const TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "filter";
    CHECK(IdFilter::open(file, 7) == nullptr);
    CHECK(has_all(*filled().finish_in_file(file, 7)));
    REQUIRE(IdFilter::open(file, 7));
    CHECK(has_all(*IdFilter::open(file, 7)));
    CHECK(IdFilter::open(file, 8) == nullptr);

    std::string bytes;
    {
        std::ifstream in(file, std::ios::binary);
        bytes.assign(std::istreambuf_iterator<char>(in), {});
    }
    const auto with = [&](const std::string& content) {
        std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
        return IdFilter::open(file, 7);
    };
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{63}, std::size_t{64}, std::size_t{96},
                                   bytes.size() - 32, bytes.size() - 1})
        CHECK(with(bytes.substr(0, size)) == nullptr);
    CHECK(with(bytes + std::string(32, '\0')) == nullptr);
    std::mt19937_64 random(3);
    for (int i = 0; i < 50; ++i) {
        std::string flipped = bytes;
        const std::size_t at = i < 30 ? random() % 64 : random() % bytes.size();
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << (random() % 8)));
        CHECK(with(flipped) == nullptr);
    }
    CHECK(with(bytes));
}

}  // namespace varve
