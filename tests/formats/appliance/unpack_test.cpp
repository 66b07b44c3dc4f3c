#include "formats/appliance/unpack.h"

#include <fcntl.h>
#include <stdlib.h>

#include <random>

#include "engine/base/error.h"
#include "engine/base/nameless_file.h"
#include "formats/guard/file_source.h"
#include "tests/catch.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using namespace std::string_literals;

constexpr ByteCount plenty{std::uint64_t{1} << 40};

/// Files with these bytes in a folder of their own.
class Chunks {
public:
    explicit Chunks(const std::vector<std::string>& contents) {
        for (const std::string& content : contents) {
            const std::string path = folder_.file("c" + std::to_string(sources_.size()));
            write_file(path, bytes_of(content));
            sources_.push_back(open_file_source(path));
        }
    }
    std::span<const ByteSourcePtr> all() const { return sources_; }

private:
    ScratchFolder folder_;
    std::vector<ByteSourcePtr> sources_;
};

File unpack(const Chunks& chunks, bool is_gzip, ByteCount length_max = plenty) {
    NoProgress progress;
    return appliance::unpack(chunks.all(), is_gzip, length_max, "a.ova: a.vmdk", progress, {});
}

std::string text_in(const File& file) {
    std::string text(static_cast<std::size_t>(file.size().value), '?');
    file.read_exactly(ByteOffset{}, std::as_writable_bytes(std::span(text)));
    return text;
}

std::pair<std::optional<ErrorCode>, std::string> unpack_refusal(const std::vector<std::string>& contents, bool is_gzip,
                                                                ByteCount length_max = plenty) {
    try {
        unpack(Chunks(contents), is_gzip, length_max);
        return {};
    } catch (const Error& error) {
        return {error.code(), error.what()};
    }
}

/// Compressed by the gzip tool.
std::string gzip(const std::string& text) {
    const ScratchFolder folder;
    write_file(folder.file("a"), bytes_of(text));
    REQUIRE(writer_test::run_tool({"gzip", "-6", folder.file("a")}).status == 0);
    return std::string(text_of(writer_test::read_file(folder.file("a.gz"))));
}

/// `text` in pieces of `length`, the last one shorter.
std::vector<std::string> in_pieces(const std::string& text, std::size_t length) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size(); at += length) pieces.push_back(text.substr(at, length));
    return pieces;
}

/// Data, then zeros, then data that does not compress.
std::string mixed_text(std::size_t data, std::size_t zeros) {
    std::string text(data, 'd');
    text.append(zeros, '\0');
    std::mt19937_64 random(7);
    for (std::size_t i = 0; i < data; ++i) text.push_back(static_cast<char>(random()));
    return text;
}

std::uint64_t allocated(const File& file) {
    return writer_test::allocated_bytes("/proc/self/fd/" + std::to_string(file.fd()));
}

}  // namespace

TEST_CASE("OVF: chunks are joined in order, and zeros take no space", "[formats][ova]") {
    const std::string text = mixed_text(70001, 5 << 20);
    for (const std::size_t length : {std::size_t{1} << 16, std::size_t{99999}, std::size_t{1} << 20, text.size()}) {
        CAPTURE(length);
        const File file = unpack(Chunks(in_pieces(text, length)), false);
        CHECK(text_in(file) == text);
        CHECK(allocated(file) < (1 << 20));
        CHECK_THAT(file.path(), ContainsSubstring("a.ova: a.vmdk (kept in "));
    }
    CHECK(text_in(unpack(Chunks({"", "a", "", "b"}), false)) == "ab");
    CHECK(text_in(unpack(Chunks({std::string(5000, '\0')}), false)) == std::string(5000, '\0'));
    CHECK(text_in(unpack(Chunks({}), false)).empty());
}

TEST_CASE("OVF: gzip is decompressed, with one member or more, in chunks or not", "[formats][ova]") {
    const std::string text = mixed_text(400001, 9 << 20);
    const std::string packed = gzip(text);
    for (const std::size_t length : {std::size_t{1} << 16, std::size_t{77777}, packed.size()}) {
        CAPTURE(length);
        const File file = unpack(Chunks(in_pieces(packed, length)), true);
        CHECK(text_in(file) == text);
        CHECK(allocated(file) < (2 << 20));
    }
    CHECK(text_in(unpack(Chunks(in_pieces(gzip("hello"), 1)), true)) == "hello");
    CHECK(text_in(unpack(Chunks({gzip("one ") + gzip("") + gzip("two ") + gzip(text)}), true)) == "one two " + text);
    CHECK(text_in(unpack(Chunks({gzip(text) + gzip("end") + std::string(1000, '\0'), "\0\0"s}), true)) == text + "end");
    CHECK(text_in(unpack(Chunks({gzip("")}), true)).empty());
    for (const std::size_t size : {std::size_t{1} << 20, (std::size_t{1} << 20) + 1, std::size_t{2} << 20}) {
        const std::string same(size, 's');  // the output buffer is full when the input ends
        CHECK(text_in(unpack(Chunks({gzip(same)}), true)) == same);
    }
}

TEST_CASE("OVF: data that unpacks to more than the limit is refused before it is written",
          "[formats][ova][bad-input]") {
    const std::string packed = gzip(std::string(50 << 20, '\0'));
    REQUIRE(packed.size() < 100000);
    CHECK(unpack_refusal({packed}, true, mib(50)).second.empty());
    for (const ByteCount limit : {mib(50) - ByteCount{1}, mib(1), ByteCount{0}}) {
        const auto [code, text] = unpack_refusal({packed}, true, limit);
        CHECK(code == ErrorCode::refused);
        CHECK_THAT(text, ContainsSubstring("'a.ova: a.vmdk': expected at most " + std::to_string(limit.value) +
                                           " bytes when unpacked, found more"));
    }
    CHECK(unpack_refusal({"abc", "def"}, false, ByteCount{6}).second.empty());
    CHECK(unpack_refusal({"abc", "def"}, false, ByteCount{5}).first == ErrorCode::refused);
}

TEST_CASE("OVF: truncated or damaged gzip is refused with the place", "[formats][ova][bad-input]") {
    const std::string packed = gzip(mixed_text(300, 3000));
    for (std::size_t length = 0; length < packed.size(); ++length) {
        const auto [code, text] = unpack_refusal({packed.substr(0, length)}, true);
        CHECK(code == ErrorCode::corrupt);
        CHECK_THAT(text, ContainsSubstring("'a.ova: a.vmdk': gzip is damaged at offset " + std::to_string(length)));
        CHECK_THAT(text, ContainsSubstring("cut off"));
    }
    CHECK_THAT(unpack_refusal({}, true).second, ContainsSubstring("gzip is damaged at its end"));
    CHECK_THAT(unpack_refusal({"KDMV, no gzip at all"}, true).second, ContainsSubstring("incorrect header check"));
    CHECK_THAT(unpack_refusal({packed + "tail"}, true).second, ContainsSubstring("incorrect header check"));
    CHECK_THAT(unpack_refusal({packed + "\0\0tail"s}, true).second,
               ContainsSubstring("expected only zeros after a member"));
    CHECK_THAT(unpack_refusal({packed + "\0"s, packed}, true).second,
               ContainsSubstring("/c1': expected only zeros after a member"));
    std::string wrong_sum = packed;
    wrong_sum[packed.size() - 8] ^= 1;
    CHECK_THAT(unpack_refusal({wrong_sum.substr(0, 100), wrong_sum.substr(100)}, true).second,
               ContainsSubstring("/c1': incorrect data check"));
    constexpr unsigned seed = 8;
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const std::string right = mixed_text(300, 3000);
    unsigned refused = 0;
    for (int i = 0; i < 400; ++i) {
        std::string changed = packed;
        changed[random() % changed.size()] ^= static_cast<char>(1 << random() % 8);
        std::optional<std::string> found;
        try {
            found = text_in(unpack(Chunks({changed}), true, mib(1)));
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::corrupt);
        }
        if (found) CHECK(*found == right);  // a flip in an ignored field: the time, the name
        refused += found ? 0u : 1u;
    }
    CHECK(refused > 350);
}

TEST_CASE("OVF: unpacking reports progress and stops when asked to", "[formats][ova]") {
    struct Steps final : Progress {
        void begin(std::string_view phase, ByteCount bytes) override {
            CHECK(phase == "unpacking");
            total = bytes;
        }
        void advance(ByteCount bytes) override { done = bytes; }
        void warn(std::string_view) override {}
        ByteCount total, done;
    };
    const std::string text = mixed_text(1 << 20, 1 << 20);
    for (const bool is_gzip : {true, false}) {
        const Chunks chunks({is_gzip ? gzip(text) : text});
        Steps steps;
        appliance::unpack(chunks.all(), is_gzip, plenty, "x", steps, {});
        CHECK(steps.total == chunks.all()[0]->size());
        CHECK(steps.done == steps.total);
        std::stop_source stop;
        stop.request_stop();
        try {
            appliance::unpack(chunks.all(), is_gzip, plenty, "x", steps, stop.get_token());
            FAIL("it went on");
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::cancelled);
        }
    }
}

TEST_CASE("an unnamed file is in $TMPDIR and has no name", "[engine][ova]") {
    const ScratchFolder folder;
    const auto is_kept_in = [&](const std::filesystem::path& place) {
        const File file = open_nameless_file(folder.path() / "otherwise", "standard input");
        write_sparsely(file, ByteOffset{}, bytes_of(std::string(5000, '\0') + "end"));
        const bool is_present = std::filesystem::exists(place) && std::filesystem::is_empty(place);
        return is_present && file.path() == "standard input (kept in " + place.string() + ")" &&
               text_in(file) == std::string(5000, '\0') + "end";
    };
    for (const bool has_o_tmpfile : {true, false}) {
        CHECK(writer_test::in_child([&] {
                  if (!has_o_tmpfile) writer_test::lose_o_tmpfile();
                  std::filesystem::create_directories(folder.path() / "given");
                  ::setenv("TMPDIR", (folder.path() / "given").c_str(), 1);
                  if (!is_kept_in(folder.path() / "given")) return false;
                  ::unsetenv("TMPDIR");
                  return is_kept_in(folder.path() / "otherwise");
              }) == 0);
        CHECK(writer_test::in_child([&] {
                  if (!has_o_tmpfile) writer_test::lose_o_tmpfile();
                  ::setenv("TMPDIR", (folder.path() / "absent").c_str(), 1);
                  try {
                      open_nameless_file(folder.path(), "standard input");
                      return false;
                  } catch (const Error& error) {
                      return std::string(error.what()).find("name another folder with TMPDIR") != std::string::npos;
                  }
              }) == 0);
    }
}

}  // namespace varve::reader_test
