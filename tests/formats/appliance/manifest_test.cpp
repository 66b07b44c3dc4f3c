#include "formats/appliance/manifest.h"

#include <random>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/hex.h"
#include "tests/catch.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using namespace std::string_literals;

appliance::Manifest parse_lines(const std::string& text) { return appliance::parse_manifest(bytes_of(text), "'a.mf'"); }

std::pair<std::optional<ErrorCode>, std::string> manifest_refusal(const std::string& text) {
    try {
        parse_lines(text);
        return {};
    } catch (const Error& error) {
        return {error.code(), error.what()};
    }
}

std::string digits(std::size_t count, char digit) { return std::string(count, digit); }

const std::string sha1 = digits(40, '1');
const std::string sha256 = digits(64, 'a');
const std::string sha512 = digits(128, '5');

}  // namespace

TEST_CASE("content digests are those that the system's tools print", "[engine][ova]") {
    const ScratchFolder folder;
    std::string text;
    for (int i = 0; i < 30000; ++i) text += static_cast<char>(i * 7);
    write_file(folder.file("a"), bytes_of(text));
    for (const auto& [algorithm, tool] :
         std::vector<std::pair<DigestAlgorithm, std::string>>{{DigestAlgorithm::sha1, "sha1sum"},
                                                              {DigestAlgorithm::sha256, "sha256sum"},
                                                              {DigestAlgorithm::sha512, "sha512sum"}}) {
        ContentDigest digest(algorithm);
        for (int again = 0; again < 2; ++again) {
            for (std::size_t at = 0; at < text.size(); at += 999)
                digest.update(bytes_of(std::string_view(text).substr(at, 999)));
            const Bytes found = digest.finish();
            CHECK(found.size() == digest_bytes(algorithm));
            const std::string printed = writer_test::run_tool({tool, folder.file("a")}).output;
            CHECK(to_hex(found) == printed.substr(0, printed.find(' ')));
        }
        CHECK(digest.algorithm() == algorithm);
    }
}

TEST_CASE("OVF: manifests of all products are accepted", "[formats][ova]") {
    const appliance::Manifest manifest =
        parse_lines("\xef\xbb\xbfSHA256(a.ovf)= " + sha256 + "\r\n\r\n  sha1 (a b (1).vmdk) =" + sha1 +
                    "  \n \t\nSha512(b)=c).iso)= " + digits(128, 'F') + "\nSHA1(a.ovf)=" + sha1 +
                    "\nSHA-256(a.ovf)= " + sha256 + "\nMD5(old.iso)= 12\nSHA1( blank )= " + sha1);
    REQUIRE(manifest.entries.size() == 5);
    CHECK(manifest.entries[0].file == "a.ovf");
    CHECK(manifest.entries[0].algorithm == DigestAlgorithm::sha256);
    CHECK(to_hex(manifest.entries[0].digest) == sha256);
    CHECK(manifest.entries[1].file == "a b (1).vmdk");
    CHECK(manifest.entries[1].algorithm == DigestAlgorithm::sha1);
    CHECK(manifest.entries[2].file == "b)=c).iso");
    CHECK(to_hex(manifest.entries[2].digest) == digits(128, 'f'));
    CHECK(manifest.entries[4].file == " blank ");
    REQUIRE(manifest.warnings.size() == 1);
    CHECK_THAT(manifest.warnings[0], ContainsSubstring("line 8: 'old.iso' can't be checked: unknown algorithm 'MD5'"));
    CHECK(manifest.find("a.ovf") == manifest.entries.data());
    CHECK(manifest.find("b)=c).iso")->algorithm == DigestAlgorithm::sha512);
    CHECK(manifest.find("old.iso") == nullptr);
    CHECK(manifest.find("./A.OVF") == manifest.entries.data());
    CHECK(manifest.find("b.ovf") == nullptr);
    const std::string weak = "SHA1(a)= " + sha1 + "\n", strong = "SHA512(a)= " + sha512 + "\n";
    CHECK(parse_lines(weak + strong).find("a")->algorithm == DigestAlgorithm::sha512);
    CHECK(parse_lines(strong + weak).find("a")->algorithm == DigestAlgorithm::sha512);
    CHECK(parse_lines("").entries.empty());
}

TEST_CASE("OVF: the output of the openssl tool is a manifest", "[formats][ova]") {
    const ScratchFolder folder;
    write_file(folder.file("a b"), bytes_of("hello"));
    for (const std::string option : {"-sha1", "-sha256", "-sha512"}) {
        const appliance::Manifest manifest =
            parse_lines(writer_test::run_tool({"openssl", "dgst", option, folder.file("a b")}).output);
        REQUIRE(manifest.entries.size() == 1);
        CHECK(manifest.entries[0].file == folder.file("a b"));
        ContentDigest digest(manifest.entries[0].algorithm);
        digest.update(bytes_of("hello"));
        CHECK(digest.finish() == manifest.entries[0].digest);
    }
    const auto tagged = writer_test::run_tool({"sha256sum", "--tag", folder.file("a b")});
    CHECK(parse_lines(tagged.output).find(folder.file("a b"))->algorithm == DigestAlgorithm::sha256);
}

TEST_CASE("OVF: manifests that break the grammar are refused with line, expected and found",
          "[formats][ova][bad-input]") {
    struct Case {
        std::string text;
        ErrorCode code;
        std::string message;
    };
    const std::vector<Case> cases{
        {"\nhello\n", ErrorCode::corrupt, "line 2: expected 'SHA256(file)= digest', found 'hello'"},
        {"SHA256(a", ErrorCode::corrupt, "line 1: expected 'SHA256(file)= digest'"},
        {"SHA256(a)", ErrorCode::corrupt, "expected 'SHA256(file)= digest'"},
        {"SHA256)a(= 1", ErrorCode::corrupt, "expected 'SHA256(file)= digest'"},
        {"=SHA256(a)", ErrorCode::corrupt, "expected 'SHA256(file)= digest'"},
        {"SHA256()= " + sha256, ErrorCode::corrupt, "expected 'SHA256(file)= digest'"},
        {"SHA256(= " + sha256, ErrorCode::corrupt, "expected 'SHA256(file)= digest'"},
        {"(a)= " + sha256, ErrorCode::corrupt, "expected 'SHA256(file)= digest'"},
        {sha256 + "  a.ovf", ErrorCode::corrupt, "expected 'SHA256(file)= digest'"},
        {"\x1b[m", ErrorCode::corrupt, "found '\x1b[m'"},
        {"SHA256(a)= ", ErrorCode::corrupt, "expected 64 hexadecimal digits of SHA256, found ''"},
        {"SHA256(a)= " + sha1, ErrorCode::corrupt, "expected 64 hexadecimal digits of SHA256, found '1111"},
        {"SHA1(a)= " + sha256, ErrorCode::corrupt, "expected 40 hexadecimal digits"},
        {"SHA512(a)= " + sha512 + "5", ErrorCode::corrupt, "expected 128 hexadecimal digits"},
        {"SHA256(a)= " + digits(64, 'g'), ErrorCode::corrupt, "expected 64 hexadecimal digits"},
        {"SHA256(a)= " + sha256 + "\nSHA256(a)= " + digits(64, 'b'), ErrorCode::corrupt,
         "line 2: expected one SHA256 of 'a', found a second one that differs"},
        {std::string((4 << 20) + 1, '\n'), ErrorCode::refused, "at most 4194304 bytes, found 4194305"},
    };
    for (const Case& one : cases) {
        CAPTURE(one.message);
        const auto [code, text] = manifest_refusal(one.text);
        CHECK(code == one.code);
        CHECK_THAT(text, ContainsSubstring(one.message));
        CHECK_THAT(text, ContainsSubstring("'a.mf'"));
    }
    std::string many;
    for (int i = 0; i <= 65536; ++i) many += "X(a)=1\n";
    CHECK_THAT(manifest_refusal(many).second, ContainsSubstring("expected at most 65536 lines"));
}

TEST_CASE("OVF: every truncation and bit flip of a manifest is read or refused", "[formats][ova][bad-input]") {
    const std::string text = "SHA256(a.ovf)= " + sha256 + "\r\nSHA1(b.vmdk)= " + sha1 + "\nSHA512(c)= " + sha512;
    std::size_t read = 0;
    for (std::size_t length = 0; length <= text.size(); ++length)
        read += manifest_refusal(text.substr(0, length)).first ? 0u : 1u;
    CHECK(read == 7);  // nothing; each line, with and without its newline; the whole
    constexpr unsigned seed = 14;
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 5000; ++i) {
        std::string changed = text;
        changed[random() % changed.size()] ^= static_cast<char>(1 << random() % 8);
        CHECK_NOTHROW(manifest_refusal(changed));
    }
}

}  // namespace varve::reader_test
