#include "formats/output/unit_writer.h"

#include <csignal>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/support/writer_support.h"

namespace varve::unit_writer_test {
namespace {

constexpr std::uint64_t unit = 4096;

/// One call that the sink received.
struct Call {
    enum class Kind { put, put_part, zero, finish };
    Kind kind = Kind::finish;
    std::uint64_t at = 0;
    std::uint64_t length = 0;
    UnitParts covered = 0;
    friend bool operator==(const Call&, const Call&) = default;
};

Call put(std::uint64_t at, std::uint64_t length) { return {Call::Kind::put, at, length, 0}; }
Call put_part(std::uint64_t at, UnitParts covered = 1) { return {Call::Kind::put_part, at, unit, covered}; }
Call zero(std::uint64_t at, std::uint64_t length) { return {Call::Kind::zero, at, length, 0}; }
constexpr Call finished{};

/// What the sink received; outlives it.
struct Received {
    std::vector<Call> calls;
    std::vector<Bytes> contents;                                    ///< of each call; of zero() and finish() none
    std::vector<const std::byte*> buffers;                          ///< of each call; null for zero() and finish()
    std::size_t fail_at = std::numeric_limits<std::size_t>::max();  ///< this call, from 0, throws Error(io)
    bool is_destroyed = false;
};

class RecordingSink final : public UnitSink {
public:
    explicit RecordingSink(Received& received) : received_(received) {}
    ~RecordingSink() override { received_.is_destroyed = true; }
    RecordingSink(const RecordingSink&) = delete;
    RecordingSink& operator=(const RecordingSink&) = delete;

    void put(ByteOffset at, ByteView units) override {
        add({Call::Kind::put, at.value, units.size(), 0}, units);
        written_ += ByteCount{units.size()};
    }
    void put_part(ByteOffset at, ByteView whole, UnitParts covered) override {
        add({Call::Kind::put_part, at.value, whole.size(), covered}, whole);
        written_ += ByteCount{whole.size()};
    }
    void zero(ByteRange units) override { add({Call::Kind::zero, units.begin.value, units.length.value, 0}, {}); }
    void finish() override { add(finished, {}); }
    ByteCount bytes_written() const override { return written_; }

private:
    void add(const Call& call, ByteView content) {
        if (received_.calls.size() == received_.fail_at) throw Error(ErrorCode::io, "the medium failed");
        received_.calls.push_back(call);
        received_.contents.emplace_back(content.begin(), content.end());
        received_.buffers.push_back(content.data());
    }

    Received& received_;
    ByteCount written_;
};

std::unique_ptr<ImageWriter> writer_to(Received& received, std::uint64_t size, unsigned parts = 1) {
    return write_in_units(std::make_unique<RecordingSink>(received), {size}, {unit}, parts);
}

/// What the sink of a disk of `size` bytes receives for these calls and finish().
Received passed(std::uint64_t size, const std::function<void(ImageWriter&)>& calls, unsigned parts = 1) {
    Received received;
    const auto writer = writer_to(received, size, parts);
    calls(*writer);
    writer->finish();
    return received;
}

Bytes filled(std::uint64_t length, unsigned value) {
    return Bytes(static_cast<std::size_t>(length), static_cast<std::byte>(value));
}

using Calls = std::vector<Call>;

/// Whether `body` ends the process by a failed check, in a child.
bool aborts(const std::function<void()>& body) {
    return writer_test::in_child([&] {
               std::signal(SIGABRT, SIG_DFL);  // not Catch's, which reports a failure
               body();
               return true;
           }) == -SIGABRT;
}

bool order_aborts(const std::function<void(ImageWriter&)>& calls) {
    return aborts([&] {
        Received received;
        calls(*writer_to(received, 4 * unit));
    });
}

}  // namespace

TEST_CASE("unit writer: whole units are passed on at once, without a copy", "[formats][unit_writer]") {
    Received received;
    const auto writer = writer_to(received, 8 * unit);
    const Bytes bytes = filled(3 * unit, 7);
    writer->write({unit}, bytes);
    REQUIRE(received.calls == Calls{put(unit, 3 * unit)});
    CHECK(received.buffers[0] == bytes.data());
    writer->finish();
    CHECK(received.calls == Calls{put(unit, 3 * unit), finished});
}

TEST_CASE("unit writer: the whole units in the middle of a write are passed on without a copy",
          "[formats][unit_writer]") {
    Received received;
    const auto writer = writer_to(received, 8 * unit);
    const Bytes bytes = filled(3 * unit, 7);
    writer->write({unit - 10}, bytes);
    writer->finish();
    REQUIRE(received.calls == Calls{put_part(0), put(unit, 2 * unit), put_part(3 * unit), finished});
    CHECK(received.buffers[1] == bytes.data() + 10);
    CHECK(ByteView(received.contents[0]).last(10)[0] == std::byte{7});
    CHECK(is_zero(ByteView(received.contents[0]).first(unit - 10)));
    CHECK(std::ranges::equal(ByteView(received.contents[2]).first(unit - 10), filled(unit - 10, 7)));
    CHECK(is_zero(ByteView(received.contents[2]).last(10)));
}

TEST_CASE("unit writer: the ranges of one unit are gathered into one call", "[formats][unit_writer]") {
    const Received received = passed(8 * unit, [](ImageWriter& writer) {
        for (std::uint64_t at = 0; at < unit; at += 512)
            writer.write({2 * unit + at}, filled(512, static_cast<unsigned>(1 + at / 512)));
    });
    REQUIRE(received.calls == Calls{put_part(2 * unit), finished});
    for (std::size_t i = 0; i < unit; ++i) REQUIRE(received.contents[0][i] == static_cast<std::byte>(1 + i / 512));
}

TEST_CASE("unit writer: bytes between the ranges of a unit are zero", "[formats][unit_writer]") {
    const Received received = passed(8 * unit, [](ImageWriter& writer) {
        writer.write({10}, filled(5, 1));
        writer.zero({{100}, {50}});
        writer.write({200}, filled(1, 2));
        writer.write({unit - 1}, filled(1, 3));
    });
    REQUIRE(received.calls == Calls{put_part(0), finished});
    Bytes expected(unit);
    std::fill_n(expected.begin() + 10, 5, std::byte{1});
    expected[200] = std::byte{2};
    expected[unit - 1] = std::byte{3};
    CHECK(received.contents[0] == expected);
}

TEST_CASE("unit writer: nothing of one partial unit is left in the next", "[formats][unit_writer]") {
    const Received received = passed(8 * unit, [](ImageWriter& writer) {
        writer.write({0}, filled(unit - 1, 0xff));
        writer.write({unit + 7}, filled(1, 1));
        writer.zero({{2 * unit + 5}, {1}});
    });
    REQUIRE(received.calls == Calls{put_part(0), put_part(unit), put_part(2 * unit), finished});
    Bytes expected(unit);
    CHECK(received.contents[2] == expected);
    expected[7] = std::byte{1};
    CHECK(received.contents[1] == expected);
}

TEST_CASE("unit writer: a partial unit is passed on when the next unit begins, and not before",
          "[formats][unit_writer]") {
    Received received;
    const auto writer = writer_to(received, 16 * unit);
    writer->write({0}, filled(unit / 2, 1));
    writer->write({unit / 2}, filled(unit / 2, 1));
    CHECK(received.calls.empty());  // complete, but arrived in parts
    writer->write({unit}, filled(1, 1));
    CHECK(received.calls == Calls{put_part(0)});
    writer->write({3 * unit}, filled(unit, 1));
    CHECK(received.calls == Calls{put_part(0), put_part(unit), put(3 * unit, unit)});
    writer->write({5 * unit}, filled(1, 1));
    writer->zero({{6 * unit}, {unit}});
    CHECK(received.calls.back() == zero(6 * unit, unit));
    CHECK(received.calls[3] == put_part(5 * unit));
    writer->zero({{8 * unit}, {1}});
    CHECK(received.calls.size() == 5);
    writer->finish();
    CHECK(received.calls.size() == 7);
    CHECK(received.calls[5] == put_part(8 * unit));
    CHECK(received.calls[6] == finished);
}

TEST_CASE("unit writer: whole units that are zeroed are one call", "[formats][unit_writer]") {
    CHECK(passed(100 * unit, [](ImageWriter& writer) {
              writer.zero({{unit}, {70 * unit}});
          }).calls == Calls{zero(unit, 70 * unit), finished});
}

TEST_CASE("unit writer: zeros that cover a part of a unit make it a partial one", "[formats][unit_writer]") {
    const Received received = passed(8 * unit, [](ImageWriter& writer) { writer.zero({{unit - 1}, {2 * unit + 2}}); });
    CHECK(received.calls == Calls{put_part(0), zero(unit, 2 * unit), put_part(3 * unit), finished});
    CHECK(is_zero(received.contents[0]));
    CHECK(is_zero(received.contents[2]));
}

TEST_CASE("unit writer: written zeros are passed on as content", "[formats][unit_writer]") {
    CHECK(passed(4 * unit, [](ImageWriter& writer) {
              writer.write({0}, Bytes(unit));
              writer.write({unit}, Bytes(10));
          }).calls == Calls{put(0, unit), put_part(unit), finished});
}

TEST_CASE("unit writer: a unit that was never mentioned is in no call", "[formats][unit_writer]") {
    CHECK(passed(8 * unit, [](ImageWriter&) {}).calls == Calls{finished});
    CHECK(passed(8 * unit, [](ImageWriter& writer) { writer.write({7 * unit}, filled(unit, 1)); }).calls ==
          Calls{put(7 * unit, unit), finished});
}

TEST_CASE("unit writer: empty ranges mention nothing", "[formats][unit_writer]") {
    CHECK(passed(4 * unit, [](ImageWriter& writer) {
              writer.write({0}, {});
              writer.zero({{10}, {0}});
              writer.write({unit}, {});
              writer.zero({{4 * unit}, {0}});
          }).calls == Calls{finished});
}

TEST_CASE("unit writer: where the disk ends inside a unit, the rest of the unit is zeros", "[formats][unit_writer]") {
    const std::uint64_t size = 2 * unit + 100;
    const Received received = passed(size, [&](ImageWriter& writer) { writer.write({0}, filled(size, 1)); });
    REQUIRE(received.calls == Calls{put(0, 2 * unit), put_part(2 * unit), finished});
    CHECK(std::ranges::equal(ByteView(received.contents[1]).first(100), filled(100, 1)));
    CHECK(is_zero(ByteView(received.contents[1]).subspan(100)));
    CHECK(passed(size, [&](ImageWriter& writer) {
              writer.zero({{0}, {size}});
          }).calls == Calls{zero(0, 2 * unit), put_part(2 * unit), finished});
    CHECK(passed(5, [](ImageWriter& writer) { writer.write({4}, filled(1, 1)); }).calls ==
          Calls{put_part(0), finished});
    CHECK(passed(0, [](ImageWriter&) {}).calls == Calls{finished});
}

TEST_CASE("unit writer: the parts that ranges touch are covered", "[formats][unit_writer]") {
    constexpr unsigned parts = 32;
    constexpr std::uint64_t part = unit / parts;
    const auto covered = [](const std::function<void(ImageWriter&)>& calls) {
        const Received received = passed(4 * unit, calls, parts);
        REQUIRE(received.calls.size() == 2);
        return received.calls[0].covered;
    };
    CHECK(covered([](ImageWriter& writer) { writer.write({0}, filled(1, 1)); }) == 1);
    CHECK(covered([](ImageWriter& writer) { writer.write({part - 1}, filled(1, 1)); }) == 1);
    CHECK(covered([](ImageWriter& writer) { writer.write({part}, filled(part, 1)); }) == 2);
    CHECK(covered([](ImageWriter& writer) { writer.write({part - 1}, filled(2, 1)); }) == 3);
    CHECK(covered([](ImageWriter& writer) { writer.write({unit - 1}, filled(1, 1)); }) == 0x80000000);
    CHECK(covered([](ImageWriter& writer) { writer.zero({{part}, {unit - part}}); }) == 0xfffffffe);
    CHECK(covered([](ImageWriter& writer) {
              writer.write({0}, filled(1, 1));
              writer.zero({{10 * part}, {1}});
              writer.write({20 * part}, filled(2 * part, 1));
          }) == (1U | 1U << 10 | 3U << 20));
    CHECK(covered([](ImageWriter& writer) {
              writer.write({0}, filled(unit / 2, 1));
              writer.write({unit / 2}, filled(unit / 2, 1));
          }) == 0xffffffff);
}

TEST_CASE("unit writer: a unit of one part is covered by any range", "[formats][unit_writer]") {
    CHECK(passed(4 * unit, [](ImageWriter& writer) { writer.write({unit + 5}, filled(1, 1)); }).calls ==
          Calls{put_part(unit, 1), finished});
}

TEST_CASE("unit writer: parts past the end of the disk are not covered", "[formats][unit_writer]") {
    constexpr std::uint64_t size = unit + unit / 4 + 1;  // one byte into the second of four parts
    const Received received = passed(
        size, [](ImageWriter& writer) { writer.write({unit}, filled(unit / 4 + 1, 1)); }, 4);
    CHECK(received.calls == Calls{put_part(unit, 3), finished});
}

TEST_CASE("unit writer: the bytes written are those that the sink reports", "[formats][unit_writer]") {
    Received received;
    const auto writer = writer_to(received, 8 * unit);
    writer->write({0}, filled(2 * unit, 1));
    CHECK(writer->bytes_written() == ByteCount{2 * unit});
    writer->write({2 * unit}, filled(10, 1));
    CHECK(writer->bytes_written() == ByteCount{2 * unit});
    writer->finish();
    CHECK(writer->bytes_written() == ByteCount{3 * unit});
}

TEST_CASE("unit writer: a disk of any length takes the memory of one unit", "[formats][unit_writer]") {
    Received received;
    const auto writer = writer_to(received, 4096 * unit);
    for (std::uint64_t at = 0; at < 4096 * unit; at += 2 * unit) writer->write({at + 100}, filled(10, 1));
    writer->finish();
    REQUIRE(received.calls.size() == 2048 + 1);
    for (std::size_t i = 0; i < 2048; ++i) {
        CHECK(received.contents[i].size() == unit);
        CHECK(received.buffers[i] == received.buffers[0]);  // the one buffer of the writer
    }
}

TEST_CASE("unit writer: a failure of the sink passes through, at any call", "[formats][unit_writer]") {
    const auto write_all = [](ImageWriter& writer) {
        writer.write({0}, filled(10, 1));           // is gathered
        writer.write({unit - 5}, filled(unit, 1));  // passes the partial unit on
        writer.write({3 * unit}, filled(unit, 1));  // passes another one on, then a whole unit
        writer.zero({{4 * unit + 1}, {3 * unit}});  // a partial unit, whole ones, a partial one
    };
    const std::size_t calls_count = passed(8 * unit, write_all).calls.size();
    REQUIRE(calls_count == 7);
    for (std::size_t fail_at = 0; fail_at < calls_count; ++fail_at) {
        CAPTURE(fail_at);
        Received received;
        received.fail_at = fail_at;
        auto writer = writer_to(received, 8 * unit);
        CHECK_THROWS_WITH((write_all(*writer), writer->finish()), ContainsSubstring("the medium failed"));
        CHECK(received.calls.size() == fail_at);
        writer.reset();  // and nothing more comes
        CHECK(received.calls.size() == fail_at);
        CHECK(received.is_destroyed);
    }
}

TEST_CASE("unit writer: one that is not finished passes on no partial unit and finishes nothing",
          "[formats][unit_writer]") {
    Received received;
    auto writer = writer_to(received, 8 * unit);
    writer->write({0}, filled(unit, 1));
    writer->write({unit}, filled(10, 1));
    writer.reset();
    CHECK(received.calls == Calls{put(0, unit)});
    CHECK(received.is_destroyed);
}

TEST_CASE("unit writer: a caller that breaks ImageWriter's order ends the process", "[formats][unit_writer]") {
    CHECK_FALSE(order_aborts([](ImageWriter& writer) {
        writer.write({0}, filled(10, 1));
        writer.write({10}, filled(10, 1));
        writer.finish();
    }));
    CHECK(order_aborts([](ImageWriter& writer) {  // backwards
        writer.write({100}, filled(10, 1));
        writer.write({50}, filled(10, 1));
    }));
    CHECK(order_aborts([](ImageWriter& writer) {  // overlapping
        writer.write({0}, filled(10, 1));
        writer.zero({{9}, {10}});
    }));
    CHECK(order_aborts([](ImageWriter& writer) { writer.write({4 * unit - 5}, filled(10, 1)); }));  // past the end
    CHECK(order_aborts([](ImageWriter& writer) { writer.zero({{4 * unit + 1}, {0}}); }));
    CHECK(order_aborts([](ImageWriter& writer) { writer.zero({{10}, {~std::uint64_t{0}}}); }));
    CHECK(order_aborts([](ImageWriter& writer) {
        writer.finish();
        writer.write({0}, filled(10, 1));
    }));
    CHECK(order_aborts([](ImageWriter& writer) {
        writer.finish();
        writer.finish();
    }));
}

TEST_CASE("unit writer: parts that do not divide a unit, or are more than 32, end the process",
          "[formats][unit_writer]") {
    for (const unsigned parts : {0U, 3U, 33U, 64U}) {
        CAPTURE(parts);
        CHECK(aborts([&] {
            Received received;
            writer_to(received, unit, parts);
        }));
    }
}

TEST_CASE("unit writer: any sequence of ranges arrives as units in guest order", "[formats][unit_writer]") {
    constexpr unsigned parts = 8;
    constexpr std::uint64_t part = unit / parts;
    constexpr unsigned seed = 20261130;
    INFO("seed " << seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 300; ++round) {
        const std::uint64_t size = 1 + random() % (12 * unit);
        const std::uint64_t units = divide_up(size, unit);
        Bytes guest(static_cast<std::size_t>(units * unit));
        std::vector<UnitParts> covered(static_cast<std::size_t>(units));
        const Received received = passed(
            size,
            [&](ImageWriter& writer) {
                const std::uint64_t step_max = random() % 3 == 0 ? 100 : 3 * unit;
                for (std::uint64_t at = 0; at < size;) {
                    std::uint64_t end = std::min(size, at + 1 + random() % step_max);
                    if (random() % 2 == 0) end = std::min(size, divide_up(end, unit) * unit);
                    const unsigned dice = random() % 4;
                    for (std::uint64_t i = at; dice != 3 && i < end; ++i)
                        covered[i / unit] |= UnitParts{1} << (i % unit / part);
                    if (dice < 2) {
                        for (std::uint64_t i = at; i < end; ++i) guest[i] = static_cast<std::byte>(random());
                        writer.write({at}, ByteView(guest).subspan(at, end - at));
                    } else if (dice == 2) {
                        writer.zero({{at}, {end - at}});
                    }
                    at = end;
                }
            },
            parts);
        REQUIRE(received.calls.back() == finished);
        Bytes passed_on(guest.size());
        std::vector<UnitParts> passed_covered(covered.size());
        std::uint64_t next = 0;
        for (std::size_t i = 0; i + 1 < received.calls.size(); ++i) {
            const Call& call = received.calls[i];
            REQUIRE(call.at >= next);
            REQUIRE(call.at % unit == 0);
            REQUIRE(call.length % unit == 0);
            REQUIRE(call.length > 0);
            next = call.at + call.length;
            REQUIRE(next <= guest.size());
            std::ranges::copy(received.contents[i], passed_on.begin() + static_cast<std::ptrdiff_t>(call.at));
            for (std::uint64_t u = call.at / unit; u < next / unit; ++u)
                passed_covered[u] = call.kind == Call::Kind::put_part ? call.covered : (1U << parts) - 1;
        }
        REQUIRE((passed_on == guest));
        REQUIRE(passed_covered == covered);
    }
}

}  // namespace varve::unit_writer_test
