#include "formats/base/window_source.h"

#include <memory>

#include "tests/catch.h"
#include "tests/contract/byte_source_contract.h"
#include "tests/fakes/memory_source.h"

namespace varve::window_source_test {
namespace {

using contract::read_failure;
using fakes::MemorySource;

Bytes numbered(std::size_t length) {
    Bytes bytes(length);
    for (std::size_t i = 0; i < length; ++i) bytes[i] = static_cast<std::byte>(i & 0xff);
    return bytes;
}

std::shared_ptr<MemorySource> make_whole(std::size_t length = 1000) {
    auto whole = std::make_shared<MemorySource>(numbered(length), "whole.img");
    whole->records = true;
    return whole;
}

constexpr ByteRange range(std::uint64_t begin, std::uint64_t length) { return {{begin}, {length}}; }

std::string refusal_of_read(const ByteSource& source, std::uint64_t at, std::size_t length) {
    Bytes out(length);
    try {
        source.read_at(ByteOffset{at}, out);
    } catch (const Error& e) {
        return e.what();
    }
    return {};
}

}  // namespace

TEST_CASE("window source: its name is its own, and its places are within it", "[formats][byte_source]") {
    const WindowSource window(make_whole(), range(100, 50), "whole.img/part");
    CHECK(window.name() == "whole.img/part");
    CHECK(window.place({}) == "'whole.img/part'");
    CHECK(window.place({7}) == "'whole.img/part' at byte 7");
    CHECK(window.size() == ByteCount{50});
}

TEST_CASE("window source: it reads only its own bytes of the whole", "[formats][byte_source]") {
    const auto whole = make_whole();
    const WindowSource window(whole, range(100, 50), "part");
    Bytes out(20);
    window.read_at({30}, out);
    CHECK(std::ranges::equal(out, ByteView(whole->bytes).subspan(130, 20)));
    CHECK(whole->reads == std::vector{range(130, 20)});
}

TEST_CASE("window source: past its end nothing is read, although the whole has more bytes", "[formats][byte_source]") {
    const auto whole = make_whole();
    const WindowSource window(whole, range(100, 50), "part");
    for (const std::uint64_t at : {std::uint64_t{49}, std::uint64_t{50}, std::uint64_t{51}, std::uint64_t{899}})
        CHECK(read_failure(window, at, 2) == ErrorCode::corrupt);
    // Offsets whose sum with the window's begin, or with the length, wraps around to a byte of the whole.
    for (const std::uint64_t back : {1U, 2U, 50U, 99U, 100U, 101U})
        CHECK(read_failure(window, std::uint64_t{0} - back, 100) == ErrorCode::corrupt);
    CHECK(whole->reads.empty());
}

TEST_CASE("window source: the error past its end names it, its size and the range", "[formats][byte_source]") {
    const WindowSource window(make_whole(), range(100, 50), "part");
    const std::string refusal = refusal_of_read(window, 40, 11);
    CHECK_THAT(refusal, ContainsSubstring("'part'") && ContainsSubstring("50") && ContainsSubstring("11 bytes") &&
                            ContainsSubstring("offset 40"));
}

TEST_CASE("window source: an empty window has no bytes", "[formats][byte_source]") {
    const auto whole = make_whole();
    const WindowSource window(whole, range(1000, 0), "nothing");
    CHECK(window.size() == ByteCount{0});
    CHECK(read_failure(window, 0, 0) == std::nullopt);
    CHECK(read_failure(window, 0, 1) == ErrorCode::corrupt);
}

TEST_CASE("window source: a window of a window begins where the sum of both begins", "[formats][byte_source]") {
    const auto whole = make_whole();
    const auto outer = std::make_shared<const WindowSource>(whole, range(100, 500), "outer");
    const auto middle = std::make_shared<const WindowSource>(outer, range(20, 300), "middle");
    const WindowSource inner(middle, range(3, 10), "inner");
    Bytes out(10);
    inner.read_at({}, out);
    CHECK(std::ranges::equal(out, ByteView(whole->bytes).subspan(123, 10)));
    CHECK(read_failure(inner, 0, 11) == ErrorCode::corrupt);
    CHECK(inner.place({1}) == "'inner' at byte 1");
    CHECK(inner.identity().begin == ByteOffset{123});
}

TEST_CASE("window source: extents are those of the whole, cut to the window", "[formats][byte_source]") {
    const auto whole = make_whole();
    whole->holes = {range(200, 100), range(400, 500)};
    const WindowSource window(whole, range(150, 300), "part");
    CHECK(window.extent_at({0}) == Extent{{0}, {50}, ExtentKind::data});
    CHECK(window.extent_at({50}) == Extent{{50}, {100}, ExtentKind::unallocated});
    CHECK(window.extent_at({60}) == Extent{{60}, {90}, ExtentKind::unallocated});
    CHECK(window.extent_at({150}) == Extent{{150}, {100}, ExtentKind::data});
    CHECK(window.extent_at({250}) == Extent{{250}, {50}, ExtentKind::unallocated});  // to the end of the window
    CHECK(window.extent_at({299}) == Extent{{299}, {1}, ExtentKind::unallocated});
}

TEST_CASE("window source: the whole's read errors pass through, and only those inside the window",
          "[formats][byte_source]") {
    const auto whole = make_whole();
    whole->unreadable = {range(99, 1), range(120, 1), range(150, 1)};
    const WindowSource window(whole, range(100, 50), "part");
    CHECK(read_failure(window, 0, 20) == std::nullopt);
    CHECK(read_failure(window, 0, 21) == ErrorCode::io);
    CHECK(read_failure(window, 21, 29) == std::nullopt);
    CHECK_THAT(refusal_of_read(window, 20, 1), ContainsSubstring("whole.img"));
}

TEST_CASE("window source: a whole that became shorter is corrupt", "[formats][byte_source]") {
    const auto whole = make_whole();
    const WindowSource window(whole, range(100, 50), "part");
    whole->bytes.resize(120);
    CHECK(window.size() == ByteCount{50});
    CHECK(read_failure(window, 0, 20) == std::nullopt);
    CHECK(read_failure(window, 0, 21) == ErrorCode::corrupt);
}

TEST_CASE("window source: a window does not grow with the whole", "[formats][byte_source]") {
    const auto whole = make_whole();
    const WindowSource window(whole, range(900, 100), "part");
    whole->bytes.resize(2000);
    CHECK(window.size() == ByteCount{100});
    CHECK(read_failure(window, 99, 2) == ErrorCode::corrupt);
    CHECK(window.extent_at({10}) == Extent{{10}, {90}, ExtentKind::data});
}

TEST_CASE("window source: an error of the whole's map passes through", "[formats][byte_source]") {
    const auto whole = make_whole();
    const WindowSource window(whole, range(100, 50), "part");
    whole->map_fails = true;
    CHECK_THROWS_WITH(window.extent_at({}), ContainsSubstring("the map of 'whole.img' is damaged"));
}

TEST_CASE("window source: a change of the whole is a change of the window", "[formats][byte_source]") {
    const auto whole = make_whole();
    const auto outer = std::make_shared<const WindowSource>(whole, range(100, 500), "outer");
    const WindowSource inner(outer, range(20, 300), "inner");
    CHECK_NOTHROW(inner.check_unchanged());
    whole->has_changed = true;
    CHECK_THROWS_WITH(inner.check_unchanged(), ContainsSubstring("'whole.img' changed"));
}

TEST_CASE("window source: windows of the same bytes are equal, whatever they are called", "[formats][byte_source]") {
    const auto whole = make_whole();
    whole->known_identity = {{1, 2}, {4096}, {}};
    const auto outer = std::make_shared<const WindowSource>(whole, range(100, 500), "outer");
    const WindowSource direct(whole, range(130, 10), "a");
    const WindowSource stacked(outer, range(30, 10), "b");
    CHECK(direct.identity() == stacked.identity());
    CHECK(direct.identity() == SourceIdentity{{1, 2}, {4096 + 130}, {}});
    CHECK(WindowSource(whole, range(0, 1000), "all").identity() == whole->identity());
    CHECK(WindowSource(whole, range(131, 10), "a").identity() != direct.identity());
}

TEST_CASE("window source: its file is that of the whole", "[formats][byte_source]") {
    const auto whole = make_whole();
    const WindowSource window(whole, range(100, 50), "part");
    CHECK(window.file() == nullptr);
    const File file(UniqueFd(), "a.img");
    whole->backing = &file;
    CHECK(window.file() == &file);
}

TEST_CASE("window source: it keeps the whole alive", "[formats][byte_source]") {
    auto whole = make_whole();
    const std::weak_ptr<MemorySource> watch = whole;
    {
        const WindowSource window(whole, range(100, 50), "part");
        whole.reset();
        CHECK(read_failure(window, 0, 50) == std::nullopt);
    }
    CHECK(watch.expired());
}

}  // namespace varve::window_source_test
