// What the second copy of directory and tables is for: every damage to one of them, and what each of them costs.

#include <functional>

#include "tests/catch.h"
#include "tests/formats/vmdk/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using vmdk::Grains;
using vmdk::Hosted;

constexpr std::uint64_t twin_sectors = 1024 * 8;
const Grains twin_grains{{0, 'a'}, {3, 'b'}, {4, 'c'}, {513, 'd'}};

Hosted twin_disk() {
    return vmdk::hosted(twin_sectors, twin_grains,
                        vmdk::descriptor("monolithicSparse", {"RW 8192 SPARSE \"generated.vmdk\""}), {7});
}

struct Damage {
    std::string what;
    std::function<void(vmdk::FileBytes&)> apply;
    std::string warning;
};

}  // namespace

TEST_CASE("VMDK: what one copy of the grain tables has lost is read by the other, with a warning", "[formats][vmdk]") {
    using vmdk::FileBytes;
    ScratchFolder folder;
    const std::string path = folder.file("a.vmdk");
    const Bytes expected = vmdk::guest_bytes(twin_sectors, Hosted::grain, twin_grains);
    const std::string read_second = "their redundant copies were read instead";
    const std::string read_first = "the tables themselves were read";
    const std::vector<Damage> damages{
        {"an entry of the first", [](FileBytes& f) { f.le32(Hosted::table + 12, 0); },
         "1 of the grain tables (the first: table 0, entry 3) are damaged"},
        {"an entry of the second", [](FileBytes& f) { f.le32(Hosted::redundant_table + 12, 0); }, read_first},
        {"all entries of the first", [](FileBytes& f) { f.fill(Hosted::table, 2048, 0); }, read_second},
        {"an entry past the end", [](FileBytes& f) { f.le32(Hosted::table + 16, 0x7fffffff); }, read_second},
        {"an entry into the metadata", [](FileBytes& f) { f.le32(Hosted::table + 16, 2); }, read_second},
        {"garbage in the first", [](FileBytes& f) { f.fill(Hosted::table, 2048, 'x'); }, read_second},
        {"garbage in half of the first, zeros in the rest",
         [](FileBytes& f) { f.fill(Hosted::table, 8, 'x').fill(Hosted::table + 8, 2040, 0); }, read_second},
        {"garbage in the second", [](FileBytes& f) { f.fill(Hosted::redundant_table, 2048, 'x'); }, read_first},
        {"a mark of zeros", [](FileBytes& f) { f.le32(Hosted::table + 28, 0); }, read_second},
        {"both tables of the first", [](FileBytes& f) { f.fill(Hosted::table, 4096, 0); },
         "2 of the grain tables (the first: table 0, entry 0)"},
    };
    for (const auto& [what, apply, warning] : damages) {
        CAPTURE(what);
        Hosted built = twin_disk();
        apply(built.file);
        write_file(path, built.file.view());
        const auto reader = open_image(path);
        CHECK(reader->info().warnings.empty());
        CHECK(reader->late_warnings().empty());
        CHECK(read_all(*reader) == expected);
        CHECK(reader->extent_at({7 * Hosted::grain}).kind == ExtentKind::zero);
        REQUIRE(reader->late_warnings().size() == 1);
        CHECK_THAT(reader->late_warnings().front(), ContainsSubstring(path) && ContainsSubstring(warning));
    }
}

TEST_CASE("VMDK: an entry that only one copy of the grain directory has is used, with a warning at the open",
          "[formats][vmdk]") {
    ScratchFolder folder;
    const std::string path = folder.file("a.vmdk");
    const Bytes expected = vmdk::guest_bytes(twin_sectors, Hosted::grain, twin_grains);
    const auto check = [&](std::uint64_t at, std::uint32_t entry, const std::string& warning) {
        Hosted built = twin_disk();
        built.file.le32(at, entry);
        write_file(path, built.file.view());
        const auto reader = open_image(path);
        CHECK(read_all(*reader) == expected);
        REQUIRE(reader->info().warnings.size() == 1);
        CHECK_THAT(reader->info().warnings.front(), ContainsSubstring(warning));
        CHECK(reader->late_warnings().empty());
    };
    for (const std::uint32_t entry : {0u, 1u, 0x7fffffffu}) {
        CAPTURE(entry);
        check(Hosted::directory + 4, entry, "1 of 2 entries, the first: 1); for these the redundant one was read");
        check(Hosted::redundant_directory, entry, "1 of 2 entries, the first: 0); for these only the first one");
    }
}

TEST_CASE("VMDK: a grain that the two copies of a table place differently is corrupt, and only that grain",
          "[formats][vmdk]") {
    ScratchFolder folder;
    const std::string path = folder.file("a.vmdk");
    Hosted built = twin_disk();
    built.file.le32(Hosted::redundant_table + 12, Hosted::data / 512);
    write_file(path, built.file.view());
    CHECK_THAT(refusal_of(path), ContainsSubstring("grain table 0, entry 3") &&
                                     ContainsSubstring("the same in both copies of the table, found sector 104 and "
                                                       "sector 96"));
    const auto reader = open_image(path);
    Bytes grain(Hosted::grain);
    reader->read({4 * Hosted::grain}, grain);
    CHECK(grain == Bytes(Hosted::grain, std::byte{'c'}));
    Hosted neither = twin_disk();
    neither.file.le32(Hosted::table + 12, 0x7fffffff).le32(Hosted::redundant_table + 12, 0x7ffffff0);
    write_file(path, neither.file.view());
    CHECK_THAT(refusal_of(path), ContainsSubstring("sector 2147483647 and sector 2147483632"));
}

}  // namespace varve::reader_test
