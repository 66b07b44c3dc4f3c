// The contract of ByteSource over every implementation, one sentence a test case.

#include "formats/base/byte_source.h"

#include <fcntl.h>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "formats/base/reader_source.h"
#include "formats/base/window_source.h"
#include "formats/guard/file_source.h"
#include "formats/raw/reader.h"
#include "tests/catch.h"
#include "tests/contract/byte_source_contract.h"
#include "tests/fakes/memory_source.h"
#include "tests/fakes/temporary_folder.h"

namespace varve::byte_source_test {
namespace {

/// 300 KiB and 123 bytes, of which [64 KiB, 192 KiB) are a hole.
constexpr ByteRange hole{{64 << 10}, {128 << 10}};
constexpr std::size_t whole_bytes = (300 << 10) + 123;

Bytes contents() {
    Bytes bytes(whole_bytes);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const bool is_hole = i >= hole.begin.value && i < hole.end().value;
        bytes[i] = is_hole ? std::byte{0} : static_cast<std::byte>(i % 251 + 1);
    }
    return bytes;
}

ByteSourcePtr memory_source() {
    auto source = std::make_shared<fakes::MemorySource>(contents(), "memory.img");
    source->holes = {hole};
    return source;
}

std::string sparse_file(const TemporaryFolder& folder) {
    const Bytes bytes = contents();
    const File file = File::open(folder / "a.img", O_RDWR | O_CREAT);
    file.write_all({}, ByteView(bytes).first(hole.begin.value));
    file.write_all(hole.end(), ByteView(bytes).subspan(hole.end().value));
    return file.path();
}

/// One source of each implementation, and of some stacked on each other, with the bytes that it must have.
struct Kind {
    std::string label;
    ByteSourcePtr source;
    Bytes whole;
};

class Kinds {
public:
    Kinds() {
        add("memory", memory_source(), {{}, {whole_bytes}});
        const std::string path = sparse_file(folder_);
        const ByteSourcePtr file = open_file_source(path);
        add("file", file, {{}, {whole_bytes}});
        const ByteRange cut{{4099}, {200'001}};  // begins and ends in data, with the hole inside
        add("window of an open file",
            std::make_shared<const FileSource>(File::open(path, O_RDONLY).window(cut, "a.img/part")), cut);
        add("window", window(file, cut, "window"), cut);
        add("window that begins in a hole", window(file, {{100'000}, {150'000}}, "window"), {{100'000}, {150'000}});
        add("window of all", window(file, {{}, {whole_bytes}}, "window"), {{}, {whole_bytes}});
        add("window of a window", window(window(file, cut, "outer"), {{513}, {100'000}}, "inner"),
            {{4099 + 513}, {100'000}});
        add("window at the end", window(file, {{whole_bytes - 7}, {7}}, "tail"), {{whole_bytes - 7}, {7}});
        add("empty window", window(file, {{whole_bytes}, {0}}, "nothing"), {{whole_bytes}, {0}});
        add("reader", reader(file), {{}, {whole_bytes}});
        add("window of a reader", window(reader(file), cut, "window"), cut);
        add("reader of a window", reader(window(file, cut, "window")), cut);
    }

    const std::vector<Kind>& all() const { return all_; }

private:
    static ByteSourcePtr window(ByteSourcePtr whole, ByteRange range, const std::string& name) {
        return std::make_shared<const WindowSource>(std::move(whole), range, name);
    }
    static ByteSourcePtr reader(ByteSourcePtr source) {
        return std::make_shared<const ReaderSource>(std::make_shared<const raw::Reader>(std::move(source)), "disk");
    }
    void add(std::string label, ByteSourcePtr source, ByteRange range) {
        const Bytes bytes = contents();
        const ByteView part = ByteView(bytes).subspan(range.begin.value, range.length.value);
        all_.push_back({std::move(label), std::move(source), Bytes(part.begin(), part.end())});
    }

    TemporaryFolder folder_;
    std::vector<Kind> all_;
};

void for_each_kind(const std::function<void(const ByteSource&, ByteView)>& check) {
    const Kinds kinds;
    for (const Kind& kind : kinds.all()) {
        CAPTURE(kind.label);
        check(*kind.source, kind.whole);
    }
}

void for_each_kind(const std::function<void(const ByteSource&)>& check) {
    for_each_kind([&](const ByteSource& source, ByteView) { check(source); });
}

}  // namespace

TEST_CASE("byte source: its size is that of its bytes", "[formats][byte_source][contract]") {
    for_each_kind(contract::its_size_is_that_of_its_bytes);
}

TEST_CASE("byte source: a range inside it is read in full", "[formats][byte_source][contract]") {
    for_each_kind(contract::a_range_inside_is_read_in_full);
}

TEST_CASE("byte source: a range that reaches past the end is corrupt, wherever it begins",
          "[formats][byte_source][contract]") {
    for_each_kind(contract::a_range_that_reaches_past_the_end_is_corrupt);
}

TEST_CASE("byte source: read_some() reads less only at the end", "[formats][byte_source][contract]") {
    for_each_kind(contract::read_some_reads_less_only_at_the_end);
}

TEST_CASE("byte source: extents cover it without gap or overlap, from any byte on",
          "[formats][byte_source][contract]") {
    for_each_kind(contract::extents_cover_it_without_gap_or_overlap);
}

TEST_CASE("byte source: everything but data reads as zeros", "[formats][byte_source][contract]") {
    for_each_kind(contract::everything_but_data_reads_as_zeros);
}

TEST_CASE("byte source: its place names it and the byte", "[formats][byte_source][contract]") {
    for_each_kind(contract::its_place_names_it_and_the_byte);
}

TEST_CASE("byte source: it is unchanged while nothing writes to it", "[formats][byte_source][contract]") {
    for_each_kind(contract::it_is_unchanged_while_nothing_writes);
}

TEST_CASE("byte source: its identity leads to its bytes", "[formats][byte_source][contract]") {
    for_each_kind(contract::its_identity_leads_to_its_bytes);
}

TEST_CASE("byte source: many threads use it at once", "[formats][byte_source][contract][pipeline]") {
    for_each_kind(contract::many_threads_use_it_at_once);
}

TEST_CASE("byte source: the usual place of byte 0 is the name alone", "[formats][byte_source]") {
    CHECK(place_in("a.img", ByteOffset{0}) == "'a.img'");
    CHECK(place_in("a.img", ByteOffset{4096}) == "'a.img' at byte 4096");
}

TEST_CASE("byte source: read_some() asks for nothing past the end", "[formats][byte_source]") {
    fakes::MemorySource source(Bytes(100));
    source.records = true;
    Bytes out(60);
    CHECK(read_some(source, ByteOffset{50}, out) == 50);
    CHECK(read_some(source, ByteOffset{100}, out) == 0);
    CHECK(read_some(source, ByteOffset{0}, {}) == 0);
    CHECK(source.reads == std::vector{ByteRange{{50}, {50}}});
}

TEST_CASE("byte source: read_some() passes read errors through", "[formats][byte_source]") {
    fakes::MemorySource source(Bytes(100));
    source.unreadable = {{{10}, {1}}};
    Bytes out(60);
    CHECK_THROWS_AS(read_some(source, ByteOffset{0}, out), Error);
    CHECK(read_some(source, ByteOffset{11}, out) == 60);
}

}  // namespace varve::byte_source_test
