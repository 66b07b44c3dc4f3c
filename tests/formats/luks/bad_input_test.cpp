// Hostile and damaged LUKS headers: refused with the place, the expected and the found value, without taking memory or
// time; damage to one key slot leaves the others usable.

#include <chrono>
#include <functional>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/formats/crypt/encrypted_images.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using writer_test::read_file;

constexpr std::size_t slot_0 = 208;
constexpr std::size_t slot_1 = slot_0 + 48;

Bytes sound_volume() {
    static const Bytes file = [] {
        const ScratchFolder folder;
        write_file(folder.file("raw"), Bytes(64 << 10, std::byte{'d'}));
        crypt_test::make_encrypted(folder.file("raw"), folder.file("luks"), "luks", {});
        return read_file(folder.file("luks"));
    }();
    return file;
}

void put_u32(Bytes& file, std::size_t at, std::uint32_t value) { store_be(ByteSpan(file).subspan(at), value); }

void put_text(Bytes& file, std::size_t at, std::string_view text) {
    std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(at), 32, std::byte{0});
    std::ranges::copy(bytes_of(text), file.begin() + static_cast<std::ptrdiff_t>(at));
}

/// What opening the volume with the right secret says; empty if it opens.
std::string refusal(const Bytes& file) {
    const ScratchFolder folder;
    write_file(folder.file("v.luks"), file);
    OpenOptions options;
    options.image.format = "luks";
    options.image.secret = crypt_test::secret();
    return refusal_of(folder.file("v.luks"), options);
}

Bytes start_of(const Bytes& file, std::size_t length) {
    const ByteView start = ByteView(file).first(length);
    return {start.begin(), start.end()};
}

struct Lie {
    std::string what;
    std::function<void(Bytes&)> apply;
    std::string text;
};

}  // namespace

TEST_CASE("luks: an invalid header is refused with its place, the expected and the found value", "[luks][bad-input]") {
    REQUIRE(refusal(sound_volume()).empty());
    const std::vector<Lie> lies{
        {"magic", [](Bytes& f) { f[0] = std::byte{'l'}; }, "expected the magic of a LUKS header"},
        {"version 0", [](Bytes& f) { f[7] = std::byte{0}; }, "expected version 1 of LUKS, found 0"},
        {"version 2", [](Bytes& f) { f[7] = std::byte{2}; }, "is encrypted by LUKS version 2"},
        {"cipher", [](Bytes& f) { put_text(f, 8, "serpent"); },
         "the cipher serpent-xts-plain64 with a key of 64 bytes"},
        {"unterminated cipher", [](Bytes& f) { put_text(f, 8, std::string(32, 'a')); },
         std::string(32, 'a') + "-xts-plain64"},
        {"mode", [](Bytes& f) { put_text(f, 40, "ecb"); }, "the cipher aes-ecb"},
        {"hash", [](Bytes& f) { put_text(f, 72, "whirlpool"); }, "the hash whirlpool for its LUKS keys"},
        {"payload past the end", [](Bytes& f) { put_u32(f, 104, 0xffffffff); },
         "at byte 104: expected a payload within the"},
        {"payload 0", [](Bytes& f) { put_u32(f, 104, 0); }, "holds a detached LUKS header alone"},
        {"payload in the header", [](Bytes& f) { put_u32(f, 104, 1); }, "holds a detached LUKS header alone"},
        {"key of 0 bytes", [](Bytes& f) { put_u32(f, 108, 0); }, "with a key of 0 bytes"},
        {"key of 2^31 bytes", [](Bytes& f) { put_u32(f, 108, 0x80000000); }, "with a key of 2147483648 bytes"},
        {"key of 48 bytes", [](Bytes& f) { put_u32(f, 108, 48); }, "with a key of 48 bytes"},
        {"no iterations of the digest", [](Bytes& f) { put_u32(f, 164, 0); },
         "at byte 164: expected 1 to 2147483647 iterations, found 0"},
        {"2^32-1 iterations of the digest", [](Bytes& f) { put_u32(f, 164, 0xffffffff); }, "found 4294967295"},
        {"iterations of a slot that take years", [](Bytes& f) { put_u32(f, slot_0 + 4, 0x7fffffff); },
         "key slot 0 demands 2147483647 iterations, about"},
        {"iterations of the digest that take years", [](Bytes& f) { put_u32(f, 164, 0x7fffffff); },
         "the digest of the key demands 2147483647 iterations"},
        {"a slot without iterations", [](Bytes& f) { put_u32(f, slot_0 + 4, 0); },
         "key slot 0 could not be tried: 'FILE' at byte 208: expected 1 to 2147483647 iterations, found 0"},
        {"a slot without stripes", [](Bytes& f) { put_u32(f, slot_0 + 44, 0); },
         "expected 1 to 65536 stripes, found 0"},
        {"2^32-1 stripes", [](Bytes& f) { put_u32(f, slot_0 + 44, 0xffffffff); }, "stripes, found 4294967295"},
        {"stripes over the header", [](Bytes& f) { put_u32(f, slot_0 + 40, 1); }, "found them at byte 512"},
        {"stripes past the end", [](Bytes& f) { put_u32(f, slot_0 + 40, 0xffffffff); },
         "found them at byte 2199023255040"},
        {"an unknown state", [](Bytes& f) { put_u32(f, slot_0, 1); },
         "expected the state 0xac71f3 or 0xdead, found 0x1"},
        {"all slots off", [](Bytes& f) { put_u32(f, slot_0, 0xdead); }, "it fits none of its key slots"},
        {"another salt", [](Bytes& f) { f[132] ^= std::byte{1}; }, "it fits none of its key slots"},
        {"a bit of a stripe", [](Bytes& f) { f[4096 + 1000] ^= std::byte{1}; }, "it fits none of its key slots"},
    };
    for (const Lie& lie : lies) {
        CAPTURE(lie.what);
        Bytes file = sound_volume();
        lie.apply(file);
        const auto begin = std::chrono::steady_clock::now();
        std::string text = refusal(file);
        CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
        if (const std::size_t at = text.find("'/"); at != text.npos && lie.text.find("FILE") != lie.text.npos)
            text.replace(text.rfind("'/") + 1, text.find("v.luks", text.rfind("'/")) + 6 - text.rfind("'/") - 1,
                         "FILE");
        CHECK_THAT(text, ContainsSubstring(lie.text));
    }
}

TEST_CASE("luks: a file that ends in its header or key material is refused", "[luks][bad-input]") {
    const Bytes file = sound_volume();
    for (const std::size_t length : {0U, 6U, 8U, 591U})
        CHECK_THAT(refusal(start_of(file, length)), ContainsSubstring("expected a LUKS header of 592 bytes"));
    for (const std::size_t length : {592U, 4096U, 100'000U}) {
        CAPTURE(length);
        CHECK_FALSE(refusal(start_of(file, length)).empty());
    }
}

TEST_CASE("luks: a damaged key slot leaves the other keys usable", "[luks][bad-input]") {
    for (const std::uint32_t stripes : {0U, 0xffffffffU}) {
        Bytes file = sound_volume();
        put_u32(file, slot_1, 0x00ac71f3);
        put_u32(file, slot_1 + 44, stripes);
        CHECK(refusal(file).empty());
    }
}

TEST_CASE("luks: a volume cut off inside a sector ends at the last whole one", "[luks][bad-input]") {
    const ScratchFolder folder;
    Bytes file = sound_volume();
    file.resize(file.size() - 100);
    write_file(folder.file("v.luks"), file);
    OpenOptions options;
    options.image.secret = crypt_test::secret();
    const auto reader = open_image(folder.file("v.luks"), options);
    CHECK(reader->info().virtual_size.value == (64 << 10) - 512);
    CHECK(read_all(*reader) == Bytes((64 << 10) - 512, std::byte{'d'}));
}

}  // namespace varve::reader_test
