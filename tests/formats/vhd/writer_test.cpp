// The VHD writer: qemu-img and libvhdi read what was written, and so does varve's own reader.

#include "formats/vhd/writer.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "formats/create_image.h"
#include "formats/creation_options.h"
#include "formats/open_image.h"
#include "tests/catch.h"
#include "tests/contract/image_writer_contract.h"
#include "tests/fakes/memory_output.h"
#include "tests/support/long_test.h"
#include "tests/support/reader_support.h"

using namespace varve;
using namespace varve::writer_test;

namespace {

const std::string some_uuid = "d3b7a6d0-0b51-4c5b-9f1c-2d0a6f0e8e11";

std::unique_ptr<ImageWriter> create(const std::string& path, ByteCount virtual_size, const OptionMap& options = {}) {
    return create_image(path, {.format = "vpc", .virtual_size = virtual_size, .options = options});
}

contract::WriterKind vhd_kind(const OptionMap& options = {}) {
    return {.format = "vpc",
            .cluster = mib(2),
            .tells_zero = false,
            .create = [=](const std::string& path, ByteCount size) { return create(path, size, options); },
            .round_up_size = {},
            .compresses = false,
            .size_unit = {512},
            .data_file = {},
            .is_flat = options.contains("subformat") && options.at("subformat") == "fixed"};
}

/// Big-endian, at this place of the file.
std::uint64_t field(const Bytes& file, std::uint64_t at, std::size_t length) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < length; ++i) value = value << 8 | std::to_integer<std::uint64_t>(file.at(at + i));
    return value;
}

/// The sum over a structure and its own checksum is right.
bool has_checksum(const Bytes& file, std::uint64_t at, std::size_t length, std::uint64_t checksum_at) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < length; ++i)
        if (i < checksum_at || i >= checksum_at + 4) sum += std::to_integer<std::uint32_t>(file.at(at + i));
    return field(file, at + checksum_at, 4) == static_cast<std::uint32_t>(~sum);
}

/// The virtual size according to qemu-img.
std::uint64_t size_by_qemu(const std::string& path) {
    const auto result = run_tool({"qemu-img", "info", "-f", "vpc", "--output=json", path});
    CAPTURE(result.output);
    REQUIRE(result.status == 0);
    return nlohmann::json::parse(result.output).at("virtual-size").get<std::uint64_t>();
}

}  // namespace

TEST_CASE("vhd writer: keeps the contract", "[vhd][contract]") {
    SECTION("dynamic") { contract::check_image_writer(vhd_kind()); }
    SECTION("fixed") { contract::check_image_writer(vhd_kind({{"subformat", "fixed"}})); }
}

TEST_CASE("vhd writer: random disks read back", "[vhd]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a.vhd");
    for (const std::string subformat : {"dynamic", "fixed"}) {
        for (std::uint32_t seed = 1; seed <= test_rounds(24u); ++seed) {
            const ByteCount size{(seed << 18) * 3 + (seed % 3) * 512};
            CAPTURE(subformat, seed, size.value);
            const contract::WriterKind kind = vhd_kind({{"subformat", subformat}});
            const contract::Pattern pattern = contract::random_pattern(size, seed, seed % 2 == 0 ? 4 << 20 : 300000);
            contract::write_image(kind, path, pattern);
            contract::check_clean(kind, path);
            REQUIRE(first_difference(contract::read_by_qemu(kind, path, size), pattern.guest) == std::nullopt);
            const auto reader = open_image(path);
            REQUIRE(reader->info().virtual_size == size);
            REQUIRE(reader->info().warnings.empty());
            REQUIRE(reader->info().options.at("subformat") == subformat);
            REQUIRE(first_difference(reader_test::read_all(*reader), pattern.guest) == std::nullopt);
            auto expected = contract::expected_kinds(kind, pattern);
            // Zeros are absent in one and holes of the file in the other.
            const bool is_fixed = subformat == "fixed";
            std::ranges::replace(expected, is_fixed ? ExtentKind::unallocated : ExtentKind::zero,
                                 is_fixed ? ExtentKind::zero : ExtentKind::unallocated);
            auto kinds = reader_test::unit_kinds(*reader, mib(2));
            if (is_fixed && size.value % 4096 != 0) kinds.back() = expected.back();  // the footer is in its last 4 KiB
            REQUIRE(kinds == expected);
            std::filesystem::remove(path);
        }
    }
}

TEST_CASE("vhd writer: header, table and footer are those of the specification", "[vhd]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a.vhd");
    const auto writer = create(path, mib(300), {{"uuid", some_uuid}});
    writer->write({mib(7).value}, Bytes(5, std::byte{1}));
    writer->write({mib(9).value}, Bytes(5, std::byte{1}));
    writer->finish();
    const Bytes file = read_file(path);
    const std::uint64_t end = file.size() - 512;
    CHECK(std::equal(file.begin(), file.begin() + 512, file.begin() + static_cast<long>(end)));
    CHECK(text_of(file).starts_with("conectix"));
    CHECK(field(file, 8, 4) == 2);
    CHECK(field(file, 12, 4) == 0x00010000);
    CHECK(field(file, 16, 8) == 512);
    CHECK(text_of(file).substr(28, 4) == "qem2");
    CHECK(text_of(file).substr(36, 4) == "Wi2k");
    CHECK(field(file, 40, 8) == mib(300).value);
    CHECK(field(file, 48, 8) == mib(300).value);
    CHECK(field(file, 56, 4) == 0xffff10ff);
    CHECK(field(file, 60, 4) == 3);
    CHECK(has_checksum(file, 0, 512, 64));
    CHECK(field(file, 68, 8) == 0xd0a6b7d3510b5b4c);  // the first three fields little-endian, as in GUIDs
    CHECK(text_of(file).substr(512, 8) == "cxsparse");
    CHECK(field(file, 520, 8) == ~std::uint64_t{0});
    CHECK(field(file, 528, 8) == 1536);
    CHECK(field(file, 536, 4) == 0x00010000);
    CHECK(field(file, 540, 4) == 150);
    CHECK(field(file, 544, 4) == 2 << 20);
    CHECK(has_checksum(file, 512, 1024, 36));
    for (std::uint64_t block = 0; block < 256; ++block) {  // two sectors of entries
        const std::uint64_t sector = field(file, 1536 + block * 4, 4);
        if (block != 3 && block != 4) {
            CHECK(sector == 0xffffffff);
            continue;
        }
        CHECK(sector % 8 == 7);  // the data after the bitmap is at a whole 4 KiB
        CHECK(field(file, sector * 512, 8) == ~std::uint64_t{0});
        CHECK(field(file, sector * 512 + 504, 8) == ~std::uint64_t{0});
        CHECK(field(file, sector * 512 + 512 + (1 << 20), 5) == 0x0101010101);
    }
    CHECK(end == (field(file, 1536 + 16, 4) + 1) * 512 + (2 << 20));
}

TEST_CASE("vhd writer: a fixed image is the disk and its footer, and takes the space of its data", "[vhd]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a.vhd");
    const auto writer = create(path, {mib(100).value + 512}, {{"subformat", "fixed"}});
    writer->write({mib(50).value + 300}, Bytes(100000, std::byte{1}));
    writer->finish();
    CHECK(std::filesystem::file_size(path) == mib(100).value + 1024);
    CHECK(allocated_bytes(path) <= 300000);
    const Bytes file = read_file(path);
    const std::uint64_t footer = mib(100).value + 512;
    CHECK(text_of(file).substr(footer, 8) == "conectix");
    CHECK(field(file, footer + 16, 8) == ~std::uint64_t{0});
    CHECK(field(file, footer + 60, 4) == 2);
    CHECK(has_checksum(file, footer, 512, 64));
    CHECK(size_by_qemu(path) == footer);
}

TEST_CASE("vhd writer: for Azure a fixed image has whole MiB", "[vhd]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a.vhd");
    for (const std::uint64_t size : {512u, 1u << 20, (5u << 20) + 512}) {
        CAPTURE(size);
        const auto writer = create(path, {size}, {{"azure", "on"}});
        writer->write({size - 1}, Bytes(1, std::byte{7}));
        writer->finish();
        const std::uint64_t whole = divide_up(size, 1 << 20) << 20;
        CHECK(std::filesystem::file_size(path) == whole + 512);
        CHECK(size_by_qemu(path) == whole);
        Bytes guest(whole);
        guest[size - 1] = std::byte{7};
        CHECK(reader_test::read_all(*open_image(path)) == guest);
        std::filesystem::remove(path);
    }
}

TEST_CASE("vhd writer: every size up to the largest is read by qemu-img", "[vhd]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a.vhd");
    for (const std::string subformat : {"dynamic", "fixed"}) {
        for (const std::uint64_t size :
             {std::uint64_t{0}, std::uint64_t{512}, mib(2).value - 512, mib(2).value, mib(2).value + 512,
              mib(256).value + 512, mib(127 << 10).value, mib(2040 << 10).value - 512, mib(2040 << 10).value}) {
            CAPTURE(subformat, size);
            if (subformat == "fixed" && size > mib(1 << 20).value) continue;  // longer than a file may be on some disks
            const auto writer = create(path, {size}, {{"subformat", subformat}});
            if (size > 0) writer->write({size - 1}, Bytes(1, std::byte{7}));
            writer->finish();
            if (size > 0) CHECK(size_by_qemu(path) == size);
            const auto reader = open_image(path);
            CHECK(reader->info().virtual_size.value == size);
            if (size > 0) {
                Bytes last(1);
                reader->read({size - 1}, last);
                CHECK(last[0] == std::byte{7});
            }
            std::filesystem::remove(path);
        }
    }
    CHECK_THROWS_WITH(create(path, {mib(2040 << 10).value + 512}),
                      ContainsSubstring("too large for vpc") && ContainsSubstring("2190433320960"));
    CHECK_THROWS_WITH(create(path, {513}), ContainsSubstring("whole sectors of 512 bytes"));
    CHECK(folder.names().empty());
}

TEST_CASE("vhd writer: without force_size the geometry has the size, or the disk is refused", "[vhd]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a.vhd");
    // qemu-img rounds a disk up to a geometry: the same geometry must come out for that size.
    for (const std::string size : {"1M", "5M", "64M", "300M", "600M", "2G", "33G", "126G", "127G", "200G"}) {
        CAPTURE(size);
        const std::string theirs = folder.file("theirs.vhd");
        reader_test::qemu_img({"create", "-q", "-f", "vpc", theirs, size});
        const ByteCount bytes{size_by_qemu(theirs)};
        create(path, bytes, {{"force_size", "off"}})->finish();
        CHECK(size_by_qemu(path) == bytes.value);
        const Bytes ours = read_file(path);
        const Bytes expected = read_file(theirs);
        CHECK(std::equal(ours.begin() + 48, ours.begin() + 60, expected.begin() + 48));
        CHECK(text_of(ours).substr(28, 4) == "qemu");
        CHECK(open_image(path)->info().virtual_size == bytes);
        CHECK(open_image(path)->info().warnings.empty());
        std::filesystem::remove(path);
    }
    CHECK_THROWS_WITH(create(path, mib(1), {{"force_size", "off"}}),
                      ContainsSubstring("30 cylinders, 4 heads and 17 sectors are 1044480 bytes") &&
                          ContainsSubstring("leave out force_size=off"));
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("vhd writer: libvhdi reads the same size, type and identity", "[vhd]") {
    if (run_tool({"sh", "-c", "command -v vhdiinfo"}).status != 0) {
        WARN("skipped: vhdiinfo is not installed");
        return;
    }
    const ScratchFolder folder;
    const std::string path = folder.file("a.vhd");
    for (const std::string subformat : {"dynamic", "fixed"}) {
        const auto writer = create(path, {mib(9).value + 512}, {{"subformat", subformat}, {"uuid", some_uuid}});
        writer->write({mib(5).value}, Bytes(70000, std::byte{1}));
        writer->finish();
        const auto result = run_tool({"vhdiinfo", path});
        CAPTURE(result.output);
        CHECK(result.status == 0);
        CHECK_THAT(result.output, ContainsSubstring("(9437696 bytes)") &&
                                      ContainsSubstring(subformat == "fixed" ? "Fixed" : "Dynamic") &&
                                      ContainsSubstring("d0a6b7d3-510b-5b4c-9f1c-2d0a6f0e8e11"));
        std::filesystem::remove(path);
    }
}

TEST_CASE("vhd writer: with a UUID the same disk gives the same bytes, without one the bytes differ", "[vhd]") {
    const ScratchFolder folder;
    const contract::Pattern pattern = contract::random_pattern({mib(5).value + 512}, 3, 500000);
    for (const std::string subformat : {"dynamic", "fixed"}) {
        const auto made = [&](const std::string& name, OptionMap options) {
            options["subformat"] = subformat;
            contract::write_image(vhd_kind(options), folder.file(name), pattern);
            return read_file(folder.file(name));
        };
        const Bytes first = made("1" + subformat, {{"uuid", some_uuid}});
        CHECK(made("2" + subformat, {{"uuid", "{D3B7A6D0-0B51-4C5B-9F1C-2D0A6F0E8E11}"}}) == first);
        const Bytes fresh = made("3" + subformat, {});
        const auto uuid = [](const Bytes& file) { return Bytes(file.end() - 512 + 68, file.end() - 512 + 84); };
        CHECK(uuid(fresh) != uuid(first));
        CHECK(uuid(fresh) != uuid(made("4" + subformat, {})));
        const std::size_t begin = subformat == "fixed" ? 0 : 512;
        CHECK(std::equal(fresh.begin() + static_cast<long>(begin), fresh.end() - 512,
                         first.begin() + static_cast<long>(begin)));
    }
}

TEST_CASE("vhd writer: creation options are checked and applied", "[vhd]") {
    for (const std::string uuid : {"", "1", "00000000-0000-0000-0000-000000000000", "d3b7a6d00b514c5b9f1c2d0a6f0e8e11"})
        CHECK_THROWS_WITH(check_creation_options("vpc", {{"uuid", uuid}}), ContainsSubstring("a UUID other than zero"));
    CHECK_THROWS_WITH(check_creation_options("vpc", {{"subformat", "static"}}), ContainsSubstring("dynamic or fixed"));
    CHECK_THROWS_WITH(check_creation_options("vpc", {{"force_size", "yes"}}), ContainsSubstring("on or off"));
    CHECK_THROWS_WITH(check_creation_options("vpc", {{"azure", "1"}}), ContainsSubstring("on or off"));
    CHECK_THROWS_WITH(check_creation_options("vpc", {{"azure", "on"}, {"subformat", "dynamic"}}),
                      ContainsSubstring("azure=on conflicts with subformat=dynamic"));
    CHECK_THROWS_WITH(check_creation_options("vpc", {{"azure", "on"}, {"force_size", "off"}}),
                      ContainsSubstring("azure=on conflicts with force_size=off"));
    CHECK_NOTHROW(check_creation_options("vpc", {{"azure", "on"}, {"subformat", "fixed"}}));
    CHECK_THROWS_WITH(check_creation_options("vpc", {{"cluster_size", "1M"}}),
                      ContainsSubstring("subformat, force_size, azure, uuid"));
    CHECK(with_recorded_options("vpc", {}, {{"subformat", "fixed"}}) == OptionMap{{"subformat", "fixed"}});
    CHECK(with_recorded_options("vpc", {{"azure", "on"}}, {{"subformat", "dynamic"}}) == OptionMap{{"azure", "on"}});
}

TEST_CASE("vhd writer: a fixed image can be written to a pipe", "[vhd]") {
    const ScratchFolder folder;
    const contract::Pattern pattern = contract::random_pattern({mib(3).value + 512}, 5, 300000);
    const OptionMap options{{"azure", "on"}, {"uuid", some_uuid}};
    contract::write_image(vhd_kind(options), folder.file("file.vhd"), pattern);
    REQUIRE(in_child([&] {
                const File out = File::open(folder.file("out"), O_WRONLY | O_CREAT);
                if (::dup2(out.fd(), STDOUT_FILENO) < 0) return false;
                contract::write_image(vhd_kind(options), "-", pattern);
                return true;
            }) == 0);
    CHECK(first_difference(read_file(folder.file("out")), read_file(folder.file("file.vhd"))) == std::nullopt);
    CHECK_THROWS_WITH(create("-", mib(1)), ContainsSubstring("subformat=fixed"));
}

TEST_CASE("vhd writer: whatever operation fails, no image appears", "[vhd]") {
    const contract::Pattern pattern = contract::random_pattern({mib(6).value + 512}, 4, 900000);
    for (const vhd::Subformat subformat : {vhd::Subformat::dynamic, vhd::Subformat::fixed}) {
        bool is_done = false;
        std::size_t failures = 0;
        std::size_t with_footer = 0;
        for (std::size_t n = 0; !is_done; ++n) {
            const auto medium = std::make_shared<MemoryMedium>();
            medium->fail_at = n;
            const ByteCount size{pattern.guest.size()};
            vhd::CreationOptions options;
            options.subformat = subformat;
            try {
                const auto writer =
                    vhd::create_writer(std::make_unique<MemoryOutput>(medium), size, vhd::new_footer(size, options));
                contract::play(*writer, pattern);
                writer->finish();
                is_done = true;
            } catch (const Error& error) {
                REQUIRE(error.code() == ErrorCode::io);
                ++failures;
            }
            REQUIRE(medium->committed == is_done);
            const std::string_view text = text_of(medium->bytes);
            const bool has_footer = text.starts_with("conectix") ||
                                    (text.size() >= 512 && text.substr(text.size() - 512).starts_with("conectix"));
            with_footer += has_footer && !is_done ? 1 : 0;
            if (n > 2000) FAIL("it never ends");
        }
        REQUIRE(failures > 5);
        // The footer is the last write, in a dynamic image followed by its copy: then only the commit can fail.
        REQUIRE(with_footer == (subformat == vhd::Subformat::fixed ? 1 : 2));
    }
}

TEST_CASE("vhd writer: a disk of 2040 GiB takes no more memory than its pages", "[vhd]") {
    const ScratchFolder folder;
    const auto resident_kib = [] {
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        return usage.ru_maxrss;
    };
    const long before = resident_kib();
    const ByteCount size = mib(2040 << 10);
    const auto writer = create(folder.file("a.vhd"), size);
    writer->write({0}, Bytes(10, std::byte{1}));
    writer->write({size.value - 1}, Bytes(1, std::byte{2}));
    writer->finish();
    CHECK(resident_kib() - before < 24 << 10);
    CHECK(std::filesystem::file_size(folder.file("a.vhd")) < mib(4 + 2 * 2 + 1).value);
}
