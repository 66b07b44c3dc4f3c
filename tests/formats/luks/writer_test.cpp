// LUKS volumes that varve writes: qemu-img opens them and finds the disk's bytes.

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/create_image.h"
#include "formats/crypt/luks_header.h"
#include "tests/catch.h"
#include "tests/formats/crypt/encrypted_images.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using crypt_test::secret;
using writer_test::read_file;

std::unique_ptr<ImageWriter> new_volume(const std::string& path, std::uint64_t size, OptionMap options = {}) {
    options.emplace("iter-time", "10");
    CreateOptions created{.format = "luks", .virtual_size = {size}, .options = options};
    created.secret = secret();
    return create_image(path, created);
}

Bytes opened(const std::string& path) {
    OpenOptions options;
    options.image.secret = secret();
    return read_all(*open_image(path, options));
}

}  // namespace

TEST_CASE("luks: what was written, zeroed and left out is read back by varve and by qemu-img", "[luks]") {
    const ScratchFolder folder;
    for (const std::uint64_t size : {std::uint64_t{512}, std::uint64_t{4096}, std::uint64_t{5 * 512},
                                     std::uint64_t{(1 << 20) + 512}, std::uint64_t{3 << 20}}) {
        CAPTURE(size);
        const std::string path = folder.file(fmt::format("{}.luks", size));
        Bytes disk(size);
        std::mt19937_64 random(size);
        {
            const auto writer = new_volume(path, size);
            for (std::uint64_t at = 0; at < size;) {
                const std::uint64_t length = std::min<std::uint64_t>(1 + random() % 70'000, size - at);
                Bytes piece(length);
                for (std::byte& byte : piece) byte = static_cast<std::byte>(random());
                switch (random() % 3) {
                    case 0:
                        writer->write(ByteOffset{at}, piece);
                        std::ranges::copy(piece, disk.begin() + static_cast<std::ptrdiff_t>(at));
                        break;
                    case 1:
                        writer->zero({ByteOffset{at}, {length}});
                        break;
                    default:
                        break;
                }
                at += length;
            }
            writer->finish();
        }
        CHECK(opened(path) == disk);
        write_file(folder.file("disk.raw"), disk);
        CHECK(crypt_test::is_same_to_qemu(folder.file("disk.raw"), path, "luks"));
        CHECK(std::filesystem::file_size(path) == size + (2 << 20));
    }
}

TEST_CASE("luks: two volumes with one secret have nothing in common but the format", "[luks]") {
    const ScratchFolder folder;
    for (const char* name : {"a", "b"}) {
        const auto writer = new_volume(folder.file(name), 4096);
        writer->write({}, Bytes(4096, std::byte{'x'}));
        writer->finish();
    }
    const Bytes a = read_file(folder.file("a"));
    const Bytes b = read_file(folder.file("b"));
    const auto same = [&](std::size_t at, std::size_t length) {
        return std::ranges::equal(ByteView(a).subspan(at, length), ByteView(b).subspan(at, length));
    };
    CHECK(same(0, 112));           // names and sizes
    CHECK_FALSE(same(112, 20));    // the digest of the key
    CHECK_FALSE(same(132, 32));    // its salt
    CHECK_FALSE(same(168, 40));    // the UUID
    CHECK_FALSE(same(216, 32));    // the slot's salt
    CHECK_FALSE(same(4096, 512));  // the key's stripes
    CHECK_FALSE(same(2 << 20, 512));
}

TEST_CASE("luks: the derivation takes as long as asked for", "[luks]") {
    const ScratchFolder folder;
    const auto iterations = [&](const std::string& milliseconds) {
        new_volume(folder.file(milliseconds), 512, {{"iter-time", milliseconds}})->finish();
        const Bytes file = read_file(folder.file(milliseconds));
        return load_be<std::uint32_t>(ByteView(file).subspan(212));
    };
    const std::uint32_t few = iterations("1");
    const std::uint32_t many = iterations("200");
    CHECK(few >= 1000);
    CHECK(many > 20 * few);
}

TEST_CASE("luks: before finish() the file is not a LUKS volume, and does not exist", "[luks]") {
    const ScratchFolder folder;
    {
        const auto writer = new_volume(folder.file("a.luks"), 1 << 20);
        writer->write({}, Bytes(4096, std::byte{1}));
        CHECK_FALSE(std::filesystem::exists(folder.file("a.luks")));
    }
    CHECK(folder.names().empty());
}

TEST_CASE("luks: a volume takes a secret, a plain image takes none, and a disk has whole sectors",
          "[luks][bad-input]") {
    const ScratchFolder folder;
    CreateOptions luks{.format = "luks", .virtual_size = {512}};
    CHECK_THROWS_WITH(create_image(folder.file("a"), luks), ContainsSubstring("pass --target-secret-file FILE"));
    luks.secret = secret();
    luks.virtual_size = {513};
    CHECK_THROWS_WITH(create_image(folder.file("a"), luks), ContainsSubstring("whole sectors of 512 bytes"));
    CreateOptions plain{.format = "qcow2", .virtual_size = {512}};
    plain.secret = secret();
    CHECK_THROWS_WITH(create_image(folder.file("a"), plain), ContainsSubstring("would be plain"));
    CreateOptions odd{.format = "luks", .virtual_size = {512}, .options = {{"iter-time", "0"}}};
    odd.secret = secret();
    CHECK_THROWS_WITH(create_image(folder.file("a"), odd), ContainsSubstring("milliseconds from 1 to 60000"));
    odd.options = {{"encrypt.format", "aes"}};
    CHECK_THROWS_WITH(create_image(folder.file("a"), odd), ContainsSubstring("encrypt.format"));
    CHECK(folder.names().empty());
}

}  // namespace varve::reader_test
