// What counts as the secret in a file.

#include <unistd.h>

#include "engine/base/error.h"
#include "formats/crypt/secret_file.h"
#include "tests/catch.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

std::string secret_in(const std::string& text) {
    const ScratchFolder folder;
    write_file(folder.file("secret"), bytes_of(text));
    return std::string(text_of(crypt::SecretFile::read(folder.file("secret"))->bytes()));
}

}  // namespace

TEST_CASE("crypt: the secret is the whole file without one newline at its end", "[crypt]") {
    CHECK(secret_in("word") == "word");
    CHECK(secret_in("word\n") == "word");
    CHECK(secret_in("word\n\n") == "word\n");
    CHECK(secret_in("two\nlines") == "two\nlines");
    CHECK(secret_in("word\r\n") == "word\r");
    CHECK(secret_in("\n") == "\n");
    CHECK(secret_in(std::string("\0key\0", 5)) == std::string("\0key\0", 5));
}

TEST_CASE("crypt: a secret is read from a pipe to its end", "[crypt]") {
    int ends[2] = {};
    REQUIRE(::pipe(ends) == 0);
    const std::string long_secret(40'000, 'x');
    REQUIRE(::write(ends[1], long_secret.data(), long_secret.size()) == static_cast<ssize_t>(long_secret.size()));
    ::close(ends[1]);
    const auto secret = crypt::SecretFile::read("/proc/self/fd/" + std::to_string(ends[0]));
    ::close(ends[0]);
    CHECK(text_of(secret->bytes()) == long_secret);
}

TEST_CASE("crypt: what cannot be a secret is refused, and the message names the file", "[crypt][bad-input]") {
    const ScratchFolder folder;
    write_file(folder.file("empty"), {});
    write_file(folder.file("long"), Bytes(crypt::SecretFile::bytes_max + 1, std::byte{'x'}));
    write_file(folder.file("longest"), Bytes(crypt::SecretFile::bytes_max, std::byte{'x'}));
    CHECK_THROWS_WITH(crypt::SecretFile::read(folder.file("empty")), ContainsSubstring("empty' is empty"));
    CHECK_THROWS_WITH(crypt::SecretFile::read(folder.file("long")), ContainsSubstring("longer than 8388608 bytes"));
    CHECK_THROWS_WITH(crypt::SecretFile::read(folder.file("none")), ContainsSubstring("none"));
    CHECK_THROWS_WITH(crypt::SecretFile::read(folder.path().string()), ContainsSubstring("cannot be read"));
    CHECK(crypt::SecretFile::read(folder.file("longest"))->bytes().size() == crypt::SecretFile::bytes_max);
}

}  // namespace varve::reader_test
