#include "tests/formats/toy/format.h"

#include <algorithm>
#include <array>
#include <utility>

#include "formats/output/output.h"

namespace varve::toy {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view magic = "TOY1";
constexpr ByteCount header_bytes{magic.size()};

class Reader final : public ImageReader {
public:
    explicit Reader(ByteSourcePtr source) : source_(std::move(source)) {
        info_.format = "toy";
        info_.virtual_size = {source_->size().value - header_bytes.value};
    }

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override {
        return {at, (ByteOffset{} + info_.virtual_size) - at, ExtentKind::data};
    }
    void read(ByteOffset at, ByteSpan out) const override { source_->read_at(at + header_bytes, out); }
    ByteCount bytes_read() const override { return {}; }
    void check_unchanged() const override { source_->check_unchanged(); }
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override { return {}; }

private:
    ByteSourcePtr source_;
    ImageInfo info_;
};

class Writer final : public ImageWriter {
public:
    Writer(std::unique_ptr<Output> output, ByteCount virtual_size) : output_(std::move(output)) {
        output_->resize(header_bytes + virtual_size);
        output_->write({}, bytes_of(magic));
    }

    void write(ByteOffset at, ByteView bytes) override { output_->write(at + header_bytes, bytes); }
    void zero(ByteRange) override {}
    void finish() override { output_->commit(); }
    ByteCount bytes_written() const override { return output_->bytes_written(); }

private:
    std::unique_ptr<Output> output_;
};

struct Settings {};

constexpr std::array words{
    SettingWord<Settings>{{"colour", "red or blue", "the colour of the toy (red)"},
                          [](Settings&, std::string_view value) { return value == "red" || value == "blue"; }},
};

void check(const OptionMap& options) { parse_options<Settings>("toy", words, options); }

constexpr std::array extensions{"toy"sv};

constexpr FormatWriting writing{
    .option_words = [] { return words_of<Settings>(words); },
    .check = check,
    .is_streamed = nullptr,
    .is_encrypted = nullptr,
    .virtual_size_max = [](const OptionMap&) { return mib(1); },
    .alignment = {1},
    .size_warning = nullptr,
    .create = [](const NewImage& image) -> std::unique_ptr<ImageWriter> {
        return std::make_unique<Writer>(image.open_output(), image.virtual_size);
    },
};

}  // namespace

const FormatDescriptor& descriptor() {
    static constexpr FormatDescriptor format{
        .name = "toy",
        .noun = "a toy image",
        .use = FormatUse::image,
        .may_be_guest_data = false,
        .extensions = extensions,
        .other_extensions = {},
        .has_magic = [](std::string_view start) { return start.starts_with(magic); },
        .claims = nullptr,
        .names_another_file = nullptr,
        .way_out = nullptr,
        .open =
            [](ByteSourcePtr source, LayerRequest&) {
                Layer layer;
                layer.reader = std::make_unique<Reader>(std::move(source));
                return layer;
            },
        .peek_identity = nullptr,
        .changes_between_states = nullptr,
        .writing = &writing,
    };
    return format;
}

}  // namespace varve::toy
