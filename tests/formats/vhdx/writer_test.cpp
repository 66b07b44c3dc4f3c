// VHDX images that varve writes: qemu-img finds them clean and has the same bytes.

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/progress.h"
#include "engine/image/copy_image.h"
#include "formats/create_image.h"
#include "tests/catch.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

std::unique_ptr<ImageWriter> new_image(const std::string& path, std::uint64_t size, OptionMap options = {}) {
    CreateOptions created{.format = "vhdx", .virtual_size = {size}, .options = std::move(options)};
    created.overwrite = Overwrite::force;
    return create_image(path, created);
}

}  // namespace

TEST_CASE("vhdx: what varve writes is clean and has the same bytes for qemu-img", "[vhdx]") {
    const ScratchFolder folder;
    Bytes disk((9 << 20) + 512);
    std::mt19937_64 random(3);
    for (std::size_t i = 1 << 20; i < (3 << 20) + 5000; ++i) disk[i] = static_cast<std::byte>(random());
    disk.back() = std::byte{1};
    write_file(folder.file("raw"), disk);
    const auto source = open_image(folder.file("raw"));
    NoProgress progress;
    for (const OptionMap& options : std::vector<OptionMap>{{},
                                                           {{"subformat", "fixed"}},
                                                           {{"block_size", "1M"}},
                                                           {{"block_size", "256M"}},
                                                           {{"subformat", "fixed"}, {"block_size", "4M"}}}) {
        const auto writer = new_image(folder.file("new.vhdx"), disk.size(), options);
        copy_image(*source, *writer, progress, {});
        writer->finish();
        CHECK_THAT(qemu_img({"check", "-f", "vhdx", folder.file("new.vhdx")}),
                   ContainsSubstring("No errors were found"));
        CHECK(qemu_bytes(folder.file("new.vhdx"), "vhdx") == disk);
        const auto reader = open_image(folder.file("new.vhdx"));
        CHECK(read_all(*reader) == disk);
        CHECK(reader->info().warnings.empty());
        CHECK(std::filesystem::file_size(folder.file("new.vhdx")) % (1 << 20) == 0);
        CHECK(writer_test::allocated_bytes(folder.file("new.vhdx")) < (4 << 20));
    }
}

TEST_CASE("vhdx: sizes from nothing to the largest, and tables of several pages", "[vhdx]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a.vhdx");
    for (const std::uint64_t size :
         {std::uint64_t{512}, std::uint64_t{1} << 20, (std::uint64_t{1} << 40) + 512, std::uint64_t{64} << 40}) {
        CAPTURE(size);
        const auto writer = new_image(path, size);
        writer->write(ByteOffset{size - 512}, Bytes(512, std::byte{'e'}));
        writer->finish();
        const auto reader = open_image(path);
        CHECK(reader->info().virtual_size.value == size);
        Bytes end(512);
        reader->read(ByteOffset{size - 512}, end);
        CHECK(end == Bytes(512, std::byte{'e'}));
        CHECK_THAT(qemu_img({"info", "-f", "vhdx", path}), ContainsSubstring(fmt::format("({} bytes)", size)));
        CHECK_THAT(qemu_img({"check", "-f", "vhdx", path}), ContainsSubstring("No errors were found"));
    }
    CHECK_THROWS_WITH(new_image(path, (std::uint64_t{64} << 40) + 512), ContainsSubstring("too large for vhdx"));
    CHECK_THROWS_WITH(new_image(path, 100), ContainsSubstring("whole sectors of 512 bytes"));
    CHECK_THROWS_WITH(new_image(path, 512, {{"logical_sector_size", "4096"}}),
                      ContainsSubstring("logical_sector_size=512"));
    for (const auto& [word, value] : std::vector<std::pair<std::string, std::string>>{{"subformat", "thin"},
                                                                                      {"block_size", "3M"},
                                                                                      {"block_size", "512K"},
                                                                                      {"block_size", "512M"},
                                                                                      {"logical_sector_size", "520"},
                                                                                      {"uuid", "x"}})
        CHECK_THROWS_WITH(new_image(path, 512, {{word, value}}), ContainsSubstring(word + "=" + value));
}

TEST_CASE("vhdx: sectors of 4096 bytes are kept, and one UUID gives the same bytes", "[vhdx]") {
    const ScratchFolder folder;
    const OptionMap options{{"logical_sector_size", "4096"}, {"uuid", "2fa54224-cd1b-4876-b211-5dbed83bf4b8"}};
    std::vector<Bytes> files;
    for (int i = 0; i < 2; ++i) {
        const auto writer = new_image(folder.file("a.vhdx"), 40960, options);
        writer->write({}, Bytes(4096, std::byte{'a'}));
        writer->finish();
        files.push_back(writer_test::read_file(folder.file("a.vhdx")));
    }
    CHECK(files[0] == files[1]);
    const auto reader = open_image(folder.file("a.vhdx"));
    CHECK(reader->info().options.at("logical_sector_size") == "4096");
    Bytes disk(40960);
    std::fill_n(disk.begin(), 4096, std::byte{'a'});
    CHECK(read_all(*reader) == disk);
}

TEST_CASE("vhdx: before finish() nothing has the file's name", "[vhdx]") {
    const ScratchFolder folder;
    { new_image(folder.file("a.vhdx"), 1 << 20)->write({}, Bytes(512, std::byte{1})); }
    CHECK(folder.names().empty());
}

}  // namespace varve::reader_test
