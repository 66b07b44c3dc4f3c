#include "formats/output/preallocated_output.h"

#include "tests/catch.h"
#include "tests/fakes/memory_output.h"

using namespace varve;

namespace {

/// Counts what reaches the medium as bytes, and what is reserved.
struct Counted {
    std::vector<std::uint64_t> written;  ///< how often, for each byte
    std::vector<std::uint64_t> reserved;
};

class CountingOutput final : public Output {
public:
    explicit CountingOutput(Counted& counted) : counted_(counted) {}
    void resize(ByteCount length) override { counted_.written.resize(length.value); }
    void allocate(ByteCount length) override { counted_.reserved.push_back(length.value); }
    void write(ByteOffset at, ByteView bytes) override {
        counted_.written.resize(std::max(counted_.written.size(), at.value + bytes.size()));
        for (std::size_t i = 0; i < bytes.size(); ++i) ++counted_.written[at.value + i];
    }
    void zero(ByteRange) override {}
    void commit() override {}
    ByteCount bytes_written() const override { return {}; }

private:
    Counted& counted_;
};

}  // namespace

TEST_CASE("preallocated output: full writes every byte exactly once, the header last", "[formats][options]") {
    Counted counted;
    const auto output = preallocated(std::make_unique<CountingOutput>(counted), Preallocation::full, {1000});
    output->write({100}, Bytes(50));
    output->zero({{200}, {10}});
    output->write({210}, Bytes(5));
    output->resize({1000});
    output->write({}, Bytes(30));
    output->commit();
    CHECK(counted.written == std::vector<std::uint64_t>(1000, 1));
}

TEST_CASE("preallocated output: full writes an output that gets no ranges", "[formats][options]") {
    Counted counted;
    const auto output = preallocated(std::make_unique<CountingOutput>(counted), Preallocation::full, {1000});
    output->resize({1000});
    output->commit();
    CHECK(counted.written == std::vector<std::uint64_t>(1000, 1));
}

TEST_CASE("preallocated output: falloc reserves before the first byte, and the rest at the end", "[formats][options]") {
    Counted counted;
    const auto output = preallocated(std::make_unique<CountingOutput>(counted), Preallocation::falloc, {1000});
    CHECK(counted.reserved == std::vector<std::uint64_t>{1000});
    output->resize({1500});
    output->commit();
    CHECK(counted.reserved == std::vector<std::uint64_t>{1000, 1500});
}

TEST_CASE("preallocated output: off and metadata leave the output unchanged", "[formats][options]") {
    for (const Preallocation mode : {Preallocation::off, Preallocation::metadata}) {
        Counted counted;
        auto plain = std::make_unique<CountingOutput>(counted);
        const Output* const before = plain.get();
        CHECK(preallocated(std::move(plain), mode, {1000}).get() == before);
    }
}
