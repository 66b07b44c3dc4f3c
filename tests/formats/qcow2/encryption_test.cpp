// Encrypted qcow2 images: those of qemu-img are read, and those that varve writes are read by qemu-img.

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/progress.h"
#include "engine/image/copy_image.h"
#include "formats/create_image.h"
#include "tests/catch.h"
#include "tests/formats/crypt/encrypted_images.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using crypt_test::create_encrypted;
using crypt_test::make_encrypted;
using crypt_test::qemu_io_encrypted;
using crypt_test::secret;
using writer_test::read_file;

constexpr std::uint64_t disk_bytes = 4 << 20;

/// A disk with text, noise and zeros.
Bytes make_disk(std::uint64_t size = disk_bytes) {
    Bytes disk(size);
    std::mt19937_64 random(size);
    for (std::size_t i = 0; i < size / 8; ++i) disk[i] = static_cast<std::byte>('a' + i % 7);
    for (std::size_t i = size / 2; i < size / 2 + size / 8; ++i) disk[i] = static_cast<std::byte>(random());
    return disk;
}

OpenOptions with(crypt::Secret secret) {
    OpenOptions options;
    options.image.secret = std::move(secret);
    return options;
}

const std::vector<OptionMap>& methods() {
    static const std::vector<OptionMap> all{{{"encrypt.format", "luks"}}, {{"encrypt.format", "aes"}}};
    return all;
}

}  // namespace

TEST_CASE("qcow2 encryption: images by LUKS and AES are read, with clusters of any size", "[qcow2][crypt]") {
    const ScratchFolder folder;
    const Bytes disk = make_disk();
    write_file(folder.file("raw"), disk);
    for (OptionMap options : methods()) {
        for (const char* cluster : {"512", "4096", "65536", "2M"}) {
            options["cluster_size"] = cluster;
            const std::string path = folder.file(options["encrypt.format"] + cluster);
            CAPTURE(path);
            make_encrypted(folder.file("raw"), path, "qcow2", options);
            const auto reader = open_image(path, with(secret()));
            CHECK(read_all(*reader) == disk);
            Bytes part(1000);
            reader->read(ByteOffset{disk_bytes / 2 + 77}, part);
            CHECK(std::ranges::equal(part, ByteView(disk).subspan(disk_bytes / 2 + 77, part.size())));
        }
    }
}

TEST_CASE("qcow2 encryption: clusters written in part, zeroed and discarded read as in qemu", "[qcow2][crypt]") {
    for (const OptionMap& options : methods()) {
        const ScratchFolder folder;
        const std::string path = folder.file("a.qcow2");
        create_encrypted(path, "qcow2", disk_bytes, options);
        qemu_io_encrypted(path, "qcow2",
                          {"write -P 1 0 512", "write -P 2 70000 3072", "write -P 3 1M 300k", "write -z 1100k 64k",
                           "write -P 4 3M 64k", "discard 3M 64k", "write -P 5 4193792 512"});
        const auto reader = open_image(path, with(secret()));
        write_file(folder.file("raw"), read_all(*reader));
        CHECK(crypt_test::is_same_to_qemu(folder.file("raw"), path, "qcow2"));
        Bytes byte(1);
        reader->read(ByteOffset{70'000}, byte);
        CHECK(byte[0] == std::byte{2});
    }
}

TEST_CASE("qcow2 encryption: an overlay and its backing file, both encrypted, are one disk", "[qcow2][crypt]") {
    for (OptionMap options : methods()) {
        const ScratchFolder folder;
        Bytes disk = make_disk();
        write_file(folder.file("raw"), disk);
        make_encrypted(folder.file("raw"), folder.file("base"), "qcow2", options);
        options.insert({{"backing_file", "base"}, {"backing_fmt", "qcow2"}});
        create_encrypted(folder.file("top"), "qcow2", disk_bytes, options);
        qemu_io_encrypted(folder.file("top"), "qcow2", {"write -P 9 100k 10k"}, "qcow2");
        std::fill_n(disk.begin() + (100 << 10), 10 << 10, std::byte{9});
        CHECK(read_all(*open_image(folder.file("top"), with(secret()))) == disk);
    }
}

TEST_CASE("qcow2 encryption: internal snapshots keep their own bytes", "[qcow2][crypt]") {
    for (const OptionMap& options : methods()) {
        const ScratchFolder folder;
        const Bytes disk = make_disk();
        write_file(folder.file("raw"), disk);
        const std::string path = folder.file("a.qcow2");
        make_encrypted(folder.file("raw"), path, "qcow2", options);
        qemu_img({"snapshot", "-c", "night", "--object", fmt::format("secret,id=s,data={}", crypt_test::usual_secret),
                  "--image-opts", fmt::format("driver=qcow2,file.filename={},encrypt.key-secret=s", path)});
        qemu_io_encrypted(path, "qcow2", {"write -P 7 0 1M"});
        OpenOptions at_night = with(secret());
        at_night.image.snapshot = "night";
        CHECK(read_all(*open_image(path, at_night)) == disk);
        CHECK(read_all(*open_image(path, with(secret()))) != disk);
    }
}

TEST_CASE("qcow2 encryption: a missing or wrong secret is one sentence", "[qcow2][crypt][bad-input]") {
    const ScratchFolder folder;
    write_file(folder.file("raw"), make_disk());
    for (OptionMap options : methods()) {
        const std::string path = folder.file(options["encrypt.format"]);
        make_encrypted(folder.file("raw"), path, "qcow2", options);
        CHECK_THROWS_WITH(open_image(path), ContainsSubstring("pass --secret-file FILE with its passphrase or key"));
        CHECK_THROWS_WITH(open_image(path, with(secret("wrong"))), ContainsSubstring("the secret does not open"));
        OpenOptions for_facts;
        for_facts.image.is_for_facts_only = true;
        const auto reader = open_image(path, for_facts);
        CHECK(reader->info().features.back().starts_with("encrypted by "));
        CHECK(reader->extent_at({}).kind == ExtentKind::data);
        Bytes byte(1);
        CHECK_THROWS_WITH(reader->read({}, byte), ContainsSubstring("pass --secret-file FILE"));
    }
}

TEST_CASE("qcow2 encryption: an AES image without any data opens with any secret", "[qcow2][crypt]") {
    const ScratchFolder folder;
    create_encrypted(folder.file("a"), "qcow2", disk_bytes, methods()[1]);
    CHECK(read_all(*open_image(folder.file("a"), with(secret("wrong")))) == Bytes(disk_bytes));
}

TEST_CASE("qcow2 encryption: a LUKS header that is missing, misplaced or cut off is refused",
          "[qcow2][crypt][bad-input]") {
    const ScratchFolder folder;
    write_file(folder.file("raw"), make_disk());
    const std::string path = folder.file("a.qcow2");
    make_encrypted(folder.file("raw"), path, "qcow2", methods()[0]);
    const Bytes sound = read_file(path);
    const Bytes type{std::byte{0x05}, std::byte{0x37}, std::byte{0xbe}, std::byte{0x77}};
    const auto found = std::search(sound.begin(), sound.end(), type.begin(), type.end());
    REQUIRE(found != sound.end());
    const auto at = static_cast<std::size_t>(found - sound.begin());
    const auto refusal_with = [&](std::size_t field, std::uint64_t value, std::size_t bytes) {
        Bytes file = sound;
        if (bytes == 4)
            store_be(ByteSpan(file).subspan(field), static_cast<std::uint32_t>(value));
        else
            store_be(ByteSpan(file).subspan(field), value);
        write_file(path, file);
        return refusal_of(path, with(secret()));
    };
    CHECK_THAT(refusal_with(at, 0x11111111, 4), ContainsSubstring("expected a header extension 0x537be77"));
    CHECK_THAT(refusal_with(at + 4, 8, 4), ContainsSubstring("expected 16 bytes, found 8"));
    CHECK_THAT(refusal_with(at + 8, 0x10001, 8), ContainsSubstring("a multiple of the cluster size 65536"));
    CHECK_THAT(refusal_with(at + 8, std::uint64_t{1} << 62, 8), ContainsSubstring("within the"));
    CHECK_THAT(refusal_with(at + 16, ~std::uint64_t{0}, 8), ContainsSubstring("LUKS header: expected its"));
    CHECK_THAT(refusal_with(at + 16, 591, 8), ContainsSubstring("expected a LUKS header of 592 bytes"));
    CHECK_THAT(refusal_with(at + 16, 8192, 8), ContainsSubstring("key slot 0 could not be tried"));
    CHECK_THAT(refusal_with(32, 3, 4), ContainsSubstring("an unknown encryption (crypt_method 3)"));
}

TEST_CASE("qcow2 encryption: what varve writes is clean and the same to qemu-img", "[qcow2][crypt]") {
    const ScratchFolder folder;
    const std::uint64_t size = disk_bytes + 512;
    const Bytes disk = make_disk(size);
    write_file(folder.file("raw"), disk);
    const auto source = open_image(folder.file("raw"));
    for (const OptionMap& options : std::vector<OptionMap>{{},
                                                           {{"cluster_size", "512"}},
                                                           {{"cluster_size", "2M"}},
                                                           {{"extended_l2", "on"}},
                                                           {{"lazy_refcounts", "on"}, {"refcount_bits", "1"}}}) {
        CreateOptions created{
            .format = "qcow2", .virtual_size = {size}, .overwrite = Overwrite::force, .options = options};
        created.options.insert({{"encrypt.format", "luks"}, {"encrypt.iter-time", "10"}});
        created.secret = secret();
        const auto writer = create_image(folder.file("new"), created);
        NoProgress progress;
        copy_image(*source, *writer, progress, {});
        writer->finish();
        CHECK_THAT(crypt_test::qemu_check(folder.file("new")), ContainsSubstring("No errors were found"));
        CHECK(crypt_test::is_same_to_qemu(folder.file("raw"), folder.file("new"), "qcow2"));
        CHECK(read_all(*open_image(folder.file("new"), with(secret()))) == disk);
        const Bytes file = read_file(folder.file("new"));
        const ByteView plain = bytes_of("abcdefgabcdefg");
        CHECK(std::search(file.begin(), file.end(), plain.begin(), plain.end()) == file.end());
    }
}

TEST_CASE("qcow2 encryption: a new overlay of a plain image is encrypted where it differs", "[qcow2][crypt]") {
    const ScratchFolder folder;
    Bytes disk = make_disk();
    write_file(folder.file("base"), disk);
    std::fill_n(disk.begin() + 300'000, 70'000, std::byte{'z'});
    CreateOptions created{
        .format = "qcow2",
        .virtual_size = {disk_bytes},
        .options = {
            {"encrypt.format", "luks"}, {"encrypt.iter-time", "10"}, {"backing_file", "base"}, {"backing_fmt", "raw"}}};
    created.secret = secret();
    const auto writer = create_image(folder.file("top"), created);
    writer->write({}, disk);
    writer->finish();
    CHECK(read_all(*open_image(folder.file("top"), with(secret()))) == disk);
    CHECK_THAT(crypt_test::qemu_check(folder.file("top")), ContainsSubstring("No errors were found"));
    write_file(folder.file("raw"), disk);
    CHECK(crypt_test::is_same_to_qemu(folder.file("raw"), folder.file("top"), "qcow2"));
    CHECK(std::filesystem::file_size(folder.file("top")) < (3 << 20));
}

TEST_CASE("qcow2 encryption: options that do not go together are refused before anything is written",
          "[qcow2][crypt][bad-input]") {
    const ScratchFolder folder;
    const auto refusal = [&](OptionMap options) -> std::string {
        CreateOptions created{.format = "qcow2", .virtual_size = {disk_bytes}, .options = std::move(options)};
        created.secret = secret();
        try {
            create_image(folder.file("a"), created);
        } catch (const Error& error) {
            return error.code() == ErrorCode::usage ? error.what() : "";
        }
        return "";
    };
    CHECK_THAT(refusal({{"encrypt.format", "aes"}}), ContainsSubstring("encrypt.format"));
    CHECK_THAT(refusal({{"encrypt.iter-time", "10"}}),
               ContainsSubstring("encrypt.iter-time needs encrypt.format=luks"));
    for (const auto& [word, value] : OptionMap{{"compat", "0.10"}, {"compress", "on"}, {"preallocation", "metadata"}})
        CHECK_THAT(refusal({{"encrypt.format", "luks"}, {word, value}}), ContainsSubstring("encrypt.format=luks"));
    CHECK(folder.names().empty());
}

}  // namespace varve::reader_test
