// LUKS volumes made by qemu-img: every cipher, hash and key slot gives the guest's bytes.

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/crypt/luks_header.h"
#include "tests/catch.h"
#include "tests/formats/crypt/encrypted_images.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using crypt_test::make_encrypted;
using crypt_test::secret;
using writer_test::read_file;

constexpr std::uint64_t disk_bytes = (1 << 20) + 3 * 512;

/// A raw disk of random bytes and zeros, and LUKS volumes of it.
struct Volume {
    explicit Volume(const OptionMap& options = {}) : raw(folder.file("disk.raw")), path(folder.file("disk.luks")) {
        std::mt19937_64 random(14);
        disk.resize(disk_bytes);
        for (std::size_t i = 0; i < disk.size() / 2; ++i) disk[i] = static_cast<std::byte>(random());
        write_file(raw, disk);
        make_encrypted(raw, path, "luks", options);
    }

    ScratchFolder folder;
    std::string raw;
    std::string path;
    Bytes disk;
};

OpenOptions with(crypt::Secret secret) {
    OpenOptions options;
    options.image.secret = std::move(secret);
    return options;
}

}  // namespace

TEST_CASE("luks: every cipher, mode and hash that qemu-img writes is read", "[luks]") {
    const std::vector<OptionMap> kinds{
        {},
        {{"cipher-alg", "aes-128"}, {"cipher-mode", "xts"}, {"hash-alg", "sha1"}},
        {{"cipher-mode", "xts"}, {"ivgen-alg", "plain"}, {"hash-alg", "sha512"}},
        {{"cipher-alg", "aes-256"}, {"cipher-mode", "cbc"}, {"ivgen-alg", "essiv"}, {"ivgen-hash-alg", "sha256"}},
        {{"cipher-alg", "aes-128"}, {"cipher-mode", "cbc"}, {"ivgen-alg", "plain64"}, {"hash-alg", "sha224"}},
        {{"cipher-alg", "aes-256"}, {"cipher-mode", "cbc"}, {"ivgen-alg", "plain"}, {"hash-alg", "sha384"}},
        {{"cipher-alg", "aes-128"}, {"cipher-mode", "cbc"}, {"ivgen-alg", "essiv"}, {"ivgen-hash-alg", "sha256"}},
    };
    for (const OptionMap& kind : kinds) {
        for (const auto& [word, value] : kind) UNSCOPED_INFO(word << "=" << value);
        const Volume volume(kind);
        const auto reader = open_image(volume.path, with(secret()));
        CHECK(reader->info().format == "luks");
        CHECK(read_all(*reader) == volume.disk);
    }
}

TEST_CASE("luks: any part of a sector is read as in the whole", "[luks]") {
    const Volume volume;
    const auto reader = open_image(volume.path, with(secret()));
    std::mt19937_64 random(7);
    for (int i = 0; i < 300; ++i) {
        const std::size_t at = random() % volume.disk.size();
        Bytes part(std::min<std::size_t>(random() % 2000, volume.disk.size() - at));
        reader->read(ByteOffset{at}, part);
        CAPTURE(at, part.size());
        CHECK(std::ranges::equal(part, ByteView(volume.disk).subspan(at, part.size())));
    }
    const Extent all = reader->extent_at({});
    CHECK(all.kind == ExtentKind::data);
    CHECK(all.length.value == disk_bytes);
}

TEST_CASE("luks: each of the eight key slots opens the volume", "[luks]") {
    const Volume volume;
    for (int slot = 1; slot < 8; ++slot) {
        const std::string word = fmt::format("key {}", slot);
        crypt_test::add_key(volume.path, slot, word);
        CHECK(read_all(*open_image(volume.path, with(secret(word)))) == volume.disk);
    }
    CHECK(read_all(*open_image(volume.path, with(secret()))) == volume.disk);
    const ImageInfo info = open_image(volume.path, with(secret()))->info();
    CHECK(info.features == std::vector<std::string>{"aes-256-xts-plain64", "key slots in use: 0 1 2 3 4 5 6 7"});
}

TEST_CASE("luks: a missing or wrong secret is one sentence", "[luks][bad-input]") {
    const Volume volume;
    CHECK_THROWS_WITH(open_image(volume.path), ContainsSubstring("is encrypted by LUKS: pass --secret-file FILE"));
    CHECK_THROWS_WITH(open_image(volume.path, with(secret("Mähdrescher"))),
                      ContainsSubstring("the secret does not open") && ContainsSubstring("none of its key slots"));
}

TEST_CASE("luks: facts are shown without a secret, and bytes are not", "[luks]") {
    const Volume volume;
    OpenOptions options;
    options.image.is_for_facts_only = true;
    const auto reader = open_image(volume.path, options);
    CHECK(reader->info().virtual_size.value == disk_bytes);
    CHECK(reader->extent_at({}).length.value == disk_bytes);
    Bytes byte(1);
    CHECK_THROWS_WITH(reader->read({}, byte), ContainsSubstring("pass --secret-file FILE"));
}

TEST_CASE("luks: as raw, a volume is its encrypted bytes", "[luks]") {
    const Volume volume;
    OpenOptions options;
    options.image.format = "raw";
    CHECK(read_all(*open_image(volume.path, options)) == read_file(volume.path));
}

TEST_CASE("luks: a detached header opens the volume that begins with its payload", "[luks]") {
    const Volume volume;
    Bytes file = read_file(volume.path);
    const std::size_t payload = file.size() - disk_bytes;
    Bytes header(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(payload));
    store_be<std::uint32_t>(ByteSpan(header).subspan(104), 0);
    write_file(volume.folder.file("header"), header);
    write_file(volume.folder.file("data"), ByteView(file).subspan(payload));
    OpenOptions options = with(secret());
    options.image.format = "luks";
    options.image.luks_header = volume.folder.file("header");
    CHECK(read_all(*open_image(volume.folder.file("data"), options)) == volume.disk);
    CHECK_THROWS_WITH(open_image(volume.folder.file("header"), with(secret())),
                      ContainsSubstring("holds a detached LUKS header alone"));
    options.image.format = "raw";
    CHECK_THROWS_WITH(open_image(volume.folder.file("data"), options),
                      ContainsSubstring("--luks-header goes with a LUKS volume"));
}

TEST_CASE("luks: a volume is the backing file of a plain overlay", "[luks]") {
    const Volume volume;
    const std::string overlay = volume.folder.file("top.qcow2");
    qemu_img(
        {"create", "-q", "-u", "-f", "qcow2", "-b", "disk.luks", "-F", "luks", overlay, std::to_string(disk_bytes)});
    CHECK(read_all(*open_image(overlay, with(secret()))) == volume.disk);
}

}  // namespace varve::reader_test
