#pragma once
/// An Output in memory that outlives the writer to which it is passed, and whose n-th operation can fail: loop over n
/// until nothing fails, and every place where a medium can fail has been tried.

#include <algorithm>
#include <limits>
#include <memory>

#include "engine/base/error.h"
#include "formats/output/output.h"

namespace varve {

/// What was written to an Output; shared by test and writer.
struct MemoryMedium {
    Bytes bytes;
    bool committed = false;
    std::size_t operations = 0;
    std::size_t write_calls = 0;
    std::size_t fail_at = std::numeric_limits<std::size_t>::max();  ///< this operation, from 0, throws Error(io)
};

class MemoryOutput final : public Output {
public:
    explicit MemoryOutput(std::shared_ptr<MemoryMedium> medium) : medium_(std::move(medium)) {}

    void resize(ByteCount length) override {
        step();
        medium_->bytes.resize(length.value);
    }

    void write(ByteOffset at, ByteView bytes) override {
        step();
        ++medium_->write_calls;
        medium_->bytes.resize(std::max(medium_->bytes.size(), at.value + bytes.size()));
        std::ranges::copy(bytes, medium_->bytes.begin() + static_cast<std::ptrdiff_t>(at.value));
        bytes_written_ += {bytes.size()};
    }

    void zero(ByteRange range) override {
        step();
        medium_->bytes.resize(std::max(medium_->bytes.size(), range.end().value));
    }

    void commit() override {
        step();
        medium_->committed = true;
    }

    ByteCount bytes_written() const override { return bytes_written_; }

private:
    void step() {
        if (medium_->operations++ == medium_->fail_at)
            throw Error(ErrorCode::io, "the medium failed, as the test requested");
    }

    std::shared_ptr<MemoryMedium> medium_;
    ByteCount bytes_written_;
};

}  // namespace varve
