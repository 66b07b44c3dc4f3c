#include "formats/output/overlay_writer.h"

#include "tests/catch.h"
#include "tests/fakes/memory_image.h"

using namespace varve;

namespace {

/// The ranges that were passed on to the new image.
struct Passed {
    struct Range {
        std::uint64_t begin;
        std::uint64_t length;
        bool is_zero;
        friend bool operator==(const Range&, const Range&) = default;
    };
    std::vector<Range> ranges;
    bool is_finished = false;
};

class RecordingWriter final : public ImageWriter {
public:
    explicit RecordingWriter(Passed& passed) : passed_(passed) {}
    void write(ByteOffset at, ByteView bytes) override { passed_.ranges.push_back({at.value, bytes.size(), false}); }
    void zero(ByteRange range) override { passed_.ranges.push_back({range.begin.value, range.length.value, true}); }
    void finish() override { passed_.is_finished = true; }
    ByteCount bytes_written() const override { return {}; }

private:
    Passed& passed_;
};

constexpr ByteCount unit = kib(64);

/// 8 units: data in units 0 and 1 (of ones) and 4 (of zeros); the fake ends the process when anything else is read.
std::unique_ptr<fakes::MemoryImage> make_backing() {
    auto backing = std::make_unique<fakes::MemoryImage>(8 * unit.value);
    backing->write(0, Bytes(2 * unit.value, std::byte{1}));
    backing->write(4 * unit.value, Bytes(unit.value));
    return backing;
}

std::vector<Passed::Range> pass(ByteCount size, const std::function<void(ImageWriter&)>& calls) {
    Passed passed;
    const auto writer = write_over(make_backing(), std::make_unique<RecordingWriter>(passed), size, unit);
    calls(*writer);
    writer->finish();
    REQUIRE(passed.is_finished);
    return passed.ranges;
}

using Ranges = std::vector<Passed::Range>;

}  // namespace

TEST_CASE("overlay writer: ranges never mentioned hide the backing image's data", "[formats][backing]") {
    CHECK(pass({8 * unit.value}, [](ImageWriter&) {}) == Ranges{{0, unit.value, true}, {unit.value, unit.value, true}});
    CHECK(pass({8 * unit.value}, [](ImageWriter& writer) {
              writer.zero({{}, {8 * unit.value}});
          }) == Ranges{{0, unit.value, true}, {unit.value, unit.value, true}});
}

TEST_CASE("overlay writer: equal bytes are not passed on, even when they arrive in parts", "[formats][backing]") {
    const auto equal = [](ImageWriter& writer) {
        for (std::uint64_t at = 0; at < 2 * unit.value; at += 1000)
            writer.write({at}, Bytes(std::min<std::uint64_t>(1000, 2 * unit.value - at), std::byte{1}));
        writer.write({3 * unit.value}, Bytes(3 * unit.value));
    };
    CHECK(pass({8 * unit.value}, equal).empty());
}

TEST_CASE("overlay writer: a unit with one different byte is passed on whole", "[formats][backing]") {
    const auto changed = [](ImageWriter& writer) {
        Bytes bytes(2 * unit.value, std::byte{1});
        bytes.back() = std::byte{2};
        writer.write({}, bytes);
        writer.write({3 * unit.value + 5}, Bytes(1, std::byte{3}));
    };
    CHECK(pass({8 * unit.value}, changed) ==
          Ranges{{unit.value, unit.value, false}, {3 * unit.value, unit.value, false}});
}

TEST_CASE("overlay writer: zeros announced for a part of a unit are part of the disk", "[formats][backing]") {
    const auto part = [](ImageWriter& writer) {
        writer.write({}, Bytes(1000, std::byte{1}));
        writer.zero({{1000}, {50}});
        writer.write({1050}, Bytes(2 * unit.value - 1050, std::byte{1}));
    };
    CHECK(pass({8 * unit.value}, part) == Ranges{{0, unit.value, false}});
}

TEST_CASE("overlay writer: a smaller disk sees a part of its backing image, a larger one zeros after it",
          "[formats][backing]") {
    CHECK(pass({1000}, [](ImageWriter& writer) { writer.write({}, Bytes(1000, std::byte{1})); }).empty());
    CHECK(pass({1000}, [](ImageWriter&) {}) == Ranges{{0, 1000, false}});
    const auto beyond = [](ImageWriter& writer) {
        writer.write({}, Bytes(2 * unit.value, std::byte{1}));
        writer.write({20 * unit.value}, Bytes(unit.value));
        writer.write({30 * unit.value}, Bytes(unit.value, std::byte{1}));
    };
    CHECK(pass({100 * unit.value + 1}, beyond) == Ranges{{30 * unit.value, unit.value, false}});
}
