#include "formats/output/preallocated_output.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace varve {
namespace {

/// Forwards everything; remembers the length of the output.
class ForwardingOutput : public Output {
public:
    explicit ForwardingOutput(std::unique_ptr<Output> output) : output_(std::move(output)) {}

    void resize(ByteCount length) override {
        output_->resize(length);
        length_ = std::max(length_, length);
    }
    void write(ByteOffset at, ByteView bytes) override { output_->write(at, bytes); }
    bool is_sequential() const override { return output_->is_sequential(); }
    void zero(ByteRange range) override { output_->zero(range); }
    void commit() override { output_->commit(); }
    ByteCount bytes_written() const override { return output_->bytes_written(); }

protected:
    Output& output() { return *output_; }
    ByteCount length() const { return length_; }

private:
    std::unique_ptr<Output> output_;
    ByteCount length_;
};

class ReservedOutput final : public ForwardingOutput {
public:
    ReservedOutput(std::unique_ptr<Output> output, ByteCount expected) : ForwardingOutput(std::move(output)) {
        this->output().allocate(expected);
    }

    void commit() override {
        output().allocate(length());
        ForwardingOutput::commit();
    }
};

/// Ranges come in ascending order, so whatever they skip is a gap. The gap before the first range is filled at the end,
/// since a header is written last.
class FilledOutput final : public ForwardingOutput {
public:
    using ForwardingOutput::ForwardingOutput;

    void write(ByteOffset at, ByteView bytes) override {
        const ByteRange range{at, {bytes.size()}};
        if (range.empty()) return;
        if (filled_to_ && range.end() <= first_) {
            VARVE_CHECK(at == ByteOffset{} && head_to_ == ByteOffset{});
            head_to_ = range.end();
        } else {
            advance(range);
        }
        ForwardingOutput::write(at, bytes);
    }

    void zero(ByteRange range) override {
        if (range.empty()) return;
        advance(range);
        write_zeros(output(), range);
    }

    void commit() override {
        const ByteOffset end = ByteOffset{} + length();
        fill({head_to_, (filled_to_ ? first_ : end) - head_to_});
        if (filled_to_ && *filled_to_ < end) fill({*filled_to_, end - *filled_to_});
        ForwardingOutput::commit();
    }

private:
    void advance(ByteRange range) {
        if (!filled_to_) first_ = range.begin;
        const ByteOffset gap = filled_to_.value_or(range.begin);
        VARVE_CHECK(range.begin >= gap);
        fill({gap, range.begin - gap});
        filled_to_ = range.end();
    }

    void fill(ByteRange range) {
        if (!range.empty()) write_zeros(output(), range);
    }

    ByteOffset head_to_;                   ///< the end of the range at the start that came last
    ByteOffset first_;                     ///< the start of the first range that came
    std::optional<ByteOffset> filled_to_;  ///< no gaps from first_ to here
};

}  // namespace

std::optional<Preallocation> parse_preallocation(std::string_view word) {
    if (word == "off") return Preallocation::off;
    if (word == "metadata") return Preallocation::metadata;
    if (word == "falloc") return Preallocation::falloc;
    if (word == "full") return Preallocation::full;
    return std::nullopt;
}

std::unique_ptr<Output> preallocated(std::unique_ptr<Output> output, Preallocation mode, ByteCount expected) {
    if (mode == Preallocation::falloc) return std::make_unique<ReservedOutput>(std::move(output), expected);
    if (mode == Preallocation::full) return std::make_unique<FilledOutput>(std::move(output));
    return output;
}

}  // namespace varve
