// The VDI writer: qemu-img finds the image clean and reads what was written, and so does varve's own reader, which
// distinguishes zeros from ranges never written.

#include "formats/vdi/writer.h"

#include <sys/resource.h>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "formats/create_image.h"
#include "formats/creation_options.h"
#include "formats/open_image.h"
#include "formats/output/output_file.h"
#include "tests/catch.h"
#include "tests/contract/image_writer_contract.h"
#include "tests/fakes/memory_output.h"
#include "tests/support/long_test.h"
#include "tests/support/reader_support.h"

using namespace varve;
using namespace varve::writer_test;

namespace {

const std::string some_uuid = "d3b7a6d0-0b51-4c5b-9f1c-2d0a6f0e8e11";
const std::string other_uuid = "0f6a1c2e-93b8-4d07-8a55-6b1e2f3c4d5e";

std::unique_ptr<ImageWriter> create(const std::string& path, ByteCount virtual_size, const OptionMap& options = {}) {
    return create_image(path, {.format = "vdi", .virtual_size = virtual_size, .options = options});
}

contract::WriterKind vdi_kind(const OptionMap& options = {}) {
    return {.format = "vdi",
            .cluster = mib(1),
            .tells_zero = false,  // qemu does not distinguish them; varve's reader does, below
            .create = [=](const std::string& path, ByteCount size) { return create(path, size, options); },
            .round_up_size = {}};
}

/// Little-endian, of the header.
std::uint64_t field(const std::string& path, std::uint64_t at, std::size_t length) {
    const Bytes file = read_file(path);
    std::uint64_t value = 0;
    for (std::size_t i = length; i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(file.at(at + i));
    return value;
}

}  // namespace

TEST_CASE("vdi writer: keeps the contract", "[vdi][contract]") { contract::check_image_writer(vdi_kind()); }

TEST_CASE("vdi writer: random disks read back, with zeros and holes kept distinct", "[vdi]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a.vdi");
    for (const std::string is_static : {"off", "on"}) {
        for (std::uint32_t seed = 1; seed <= test_rounds(24u); ++seed) {
            const ByteCount size{(seed << 18) * 3 + (seed % 3) * 511};
            CAPTURE(is_static, seed, size.value);
            const contract::WriterKind kind = vdi_kind({{"static", is_static}});
            const contract::Pattern pattern = contract::random_pattern(size, seed, seed % 2 == 0 ? 4 << 20 : 300000);
            contract::write_image(kind, path, pattern);
            contract::check_clean(kind, path);
            REQUIRE(first_difference(contract::read_by_qemu(kind, path, size), pattern.guest) == std::nullopt);
            const auto reader = open_image(path);
            REQUIRE(reader->info().virtual_size == size);
            REQUIRE(reader->info().warnings.empty());
            REQUIRE(reader->info().options.at("static") == is_static);
            REQUIRE(first_difference(reader_test::read_all(*reader), pattern.guest) == std::nullopt);
            const auto kinds = reader_test::unit_kinds(*reader, mib(1));
            auto expected = contract::expected_kinds(kind, pattern);
            // What was never written is a hole in a static image's allocated blocks.
            if (is_static == "on") std::ranges::replace(expected, ExtentKind::unallocated, ExtentKind::zero);
            REQUIRE(kinds == expected);
            std::filesystem::remove(path);
        }
    }
}

TEST_CASE("vdi writer: the header is the one that VirtualBox writes", "[vdi]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a.vdi");
    const auto writer = create(path, mib(300), {{"uuid", some_uuid}});
    writer->write({mib(7).value}, Bytes(5, std::byte{1}));
    writer->write({mib(9).value}, Bytes(5, std::byte{1}));
    writer->finish();
    CHECK(text_of(read_file(path)).starts_with("<<< Oracle VM VirtualBox Disk Image >>>\n"));
    CHECK(field(path, 64, 4) == 0xbeda107f);
    CHECK(field(path, 68, 4) == 0x00010001);
    CHECK(field(path, 72, 4) == 400);
    CHECK(field(path, 76, 4) == 1);
    CHECK(field(path, 80, 4) == 0);
    CHECK(field(path, 340, 4) == 1 << 20);
    CHECK(field(path, 344, 4) == 2 << 20);
    CHECK(field(path, 360, 4) == 512);
    CHECK(field(path, 368, 8) == mib(300).value);
    CHECK(field(path, 376, 4) == 1 << 20);
    CHECK(field(path, 380, 4) == 0);
    CHECK(field(path, 384, 4) == 300);
    CHECK(field(path, 388, 4) == 2);
    CHECK(field(path, 392, 8) == 0x4c5b0b51d3b7a6d0);  // the first three fields little-endian
    CHECK(field(path, 400, 8) == 0x118e0e6f0a2d1c9f);
    CHECK(field(path, 408, 8) != 0);
    CHECK(field(path, 424, 8) == 0);
    CHECK(field(path, 440, 8) == 0);
    CHECK(field(path, 468, 4) == 512);
    CHECK(field(path, (1 << 20) + 7 * 4, 4) == 0);
    CHECK(field(path, (1 << 20) + 9 * 4, 4) == 1);
    CHECK(field(path, (1 << 20) + 8 * 4, 4) == 0xffffffff);
    CHECK(std::filesystem::file_size(path) == 4 << 20);
}

TEST_CASE("vdi writer: a static image has every block in its place and takes the space of its data", "[vdi]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a.vdi");
    const auto writer = create(path, {mib(100).value + 512}, {{"static", "on"}});
    writer->write({mib(50).value + 300}, Bytes(100000, std::byte{1}));
    writer->finish();
    CHECK(std::filesystem::file_size(path) == mib(2 + 101).value);
    CHECK(allocated_bytes(path) <= 300000);
    CHECK(field(path, 76, 4) == 2);
    CHECK(field(path, 388, 4) == 101);
    for (std::uint64_t block = 0; block < 101; ++block)
        if (block % 20 == 0) CHECK(field(path, (1 << 20) + block * 4, 4) == block);
    contract::check_clean(vdi_kind(), path);
}

TEST_CASE("vdi writer: with a UUID the same disk gives the same bytes, without one the bytes differ", "[vdi]") {
    const ScratchFolder folder;
    const contract::Pattern pattern = contract::random_pattern({mib(5).value + 512}, 3, 500000);
    for (const std::string is_static : {"off", "on"}) {
        const auto made = [&](const std::string& name, OptionMap options) {
            options["static"] = is_static;
            contract::write_image(vdi_kind(options), folder.file(name), pattern);
            return read_file(folder.file(name));
        };
        const Bytes first = made("1" + is_static, {{"uuid", some_uuid}});
        CHECK(made("2" + is_static, {{"uuid", "{D3B7A6D0-0B51-4C5B-9F1C-2D0A6F0E8E11}"}}) == first);
        const Bytes fresh = made("3" + is_static, {});
        const auto differs_in = [&](const Bytes& other, std::size_t at) {
            return !std::equal(other.begin() + static_cast<long>(at), other.begin() + static_cast<long>(at + 16),
                               first.begin() + static_cast<long>(at));
        };
        const Bytes modified = made("5" + is_static, {{"uuid", some_uuid}, {"modification_uuid", other_uuid}});
        CHECK(differs_in(modified, 408));
        CHECK(std::equal(modified.begin(), modified.begin() + 408, first.begin()));
        CHECK(std::equal(modified.begin() + 424, modified.end(), first.begin() + 424));
        CHECK(differs_in(fresh, 392));
        CHECK(differs_in(fresh, 408));
        CHECK(std::equal(fresh.begin() + 424, fresh.end(), first.begin() + 424));
        CHECK(made("4" + is_static, {}) != fresh);
        CHECK_FALSE(std::equal(first.begin() + 392, first.begin() + 408, first.begin() + 408));
    }
}

TEST_CASE("vdi writer: creation options are checked and applied", "[vdi]") {
    for (const std::string uuid : {"", "1", "00000000-0000-0000-0000-000000000000", "d3b7a6d00b514c5b9f1c2d0a6f0e8e11",
                                   "d3b7a6d0-0b51-4c5b-9f1c-2d0a6f0e8e1g", "{d3b7a6d0-0b51-4c5b-9f1c-2d0a6f0e8e11"})
        CHECK_THROWS_WITH(check_creation_options("vdi", {{"uuid", uuid}}), ContainsSubstring("a UUID other than zero"));
    CHECK_THROWS_WITH(check_creation_options("vdi", {{"static", "yes"}}), ContainsSubstring("on or off"));
    CHECK_THROWS_WITH(check_creation_options("vdi", {{"cluster_size", "1M"}}),
                      ContainsSubstring("static, uuid, modification_uuid"));
    CHECK(with_recorded_options("vdi", {}, {{"static", "on"}, {"uuid", some_uuid}}) == OptionMap{{"static", "on"}});
    CHECK(with_recorded_options("vdi", {{"static", "off"}}, {{"static", "on"}}) == OptionMap{{"static", "off"}});
}

TEST_CASE("vdi writer: whatever operation fails, no image appears", "[vdi]") {
    const contract::Pattern pattern = contract::random_pattern({mib(6).value + 512}, 4, 900000);
    for (const bool is_static : {false, true}) {
        bool is_done = false;
        std::size_t failures = 0;
        std::size_t with_magic = 0;
        for (std::size_t n = 0; !is_done; ++n) {
            const auto medium = std::make_shared<MemoryMedium>();
            medium->fail_at = n;
            try {
                const auto writer = vdi::create_writer(std::make_unique<MemoryOutput>(medium), {pattern.guest.size()},
                                                       {is_static, std::nullopt, std::nullopt});
                contract::play(*writer, pattern);
                writer->finish();
                is_done = true;
            } catch (const Error& error) {
                REQUIRE(error.code() == ErrorCode::io);
                ++failures;
            }
            REQUIRE(medium->committed == is_done);
            const bool has_magic =
                medium->bytes.size() >= 68 && load_le<std::uint32_t>(ByteView(medium->bytes).subspan(64)) == 0xbeda107f;
            with_magic += has_magic && !is_done ? 1 : 0;
            if (n > 2000) FAIL("it never ends");
        }
        REQUIRE(failures > 5);
        REQUIRE(with_magic == 1);  // the header is written last: only the commit can fail after it
    }
}

TEST_CASE("vdi writer: a disk of 16 TiB takes no more memory than its pages", "[vdi]") {
    const ScratchFolder folder;
    const auto resident_kib = [] {
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        return usage.ru_maxrss;
    };
    const long before = resident_kib();
    const ByteCount size{std::uint64_t{16} << 40};
    const auto writer = create(folder.file("a.vdi"), size);
    writer->write({0}, Bytes(10, std::byte{1}));
    writer->write({size.value - 1}, Bytes(1, std::byte{2}));
    writer->finish();
    CHECK(resident_kib() - before < 24 << 10);
    CHECK(std::filesystem::file_size(folder.file("a.vdi")) == mib(1 + 64 + 2).value);
    const auto reader = open_image(folder.file("a.vdi"));
    Bytes last(1);
    reader->read({size.value - 1}, last);
    CHECK(last[0] == std::byte{2});
}

TEST_CASE("vdi writer: a disk beyond the format is refused before anything is written", "[vdi]") {
    const ScratchFolder folder;
    CHECK_THROWS_WITH(create(folder.file("a.vdi"), {vdi::virtual_size_max().value + 1}),
                      ContainsSubstring("too large for vdi") && ContainsSubstring("choose qcow2 or raw"));
    CHECK(folder.names().empty());
}

TEST_CASE("vdi: UUIDs have the byte order of GUIDs", "[vdi]") {
    const auto uuid = parse_uuid(some_uuid);
    REQUIRE(uuid);
    CHECK(uuid->text() == some_uuid);
    CHECK(std::to_integer<int>(uuid->bytes[0]) == 0xd0);
    CHECK(std::to_integer<int>(uuid->bytes[4]) == 0x51);
    CHECK(std::to_integer<int>(uuid->bytes[15]) == 0x11);
    const Uuid random = Uuid::make_random();
    CHECK(parse_uuid(random.text()) == random);
    CHECK(random.text()[14] == '4');
    CHECK(uuid->derived("a").text()[14] == '4');
    CHECK(uuid->derived("a") == uuid->derived("a"));
    CHECK(uuid->derived("a") != uuid->derived("b"));
    CHECK(random != Uuid::make_random());
}
