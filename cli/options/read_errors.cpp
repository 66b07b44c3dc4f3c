#include "cli/options/read_errors.h"

#include <fmt/format.h>

#include "cli/terminal/human_size.h"
#include "engine/base/error.h"
#include "engine/image/tolerant_reader.h"

namespace varve {

OptionSpec read_errors_spec() {
    return {"read-errors", 0, "HOW", Repeat::once,
            "what to do about unreadable sectors: fail (the default), or zero: store zeros instead, record where, "
            "warn, and exit with 3"};
}

ReadErrors read_errors_of(const Arguments& arguments) {
    const std::string word = arguments.value("read-errors").value_or("fail");
    if (word == "fail") return ReadErrors::fail;
    if (word == "zero") return ReadErrors::zero;
    throw Error(ErrorCode::usage, fmt::format("--read-errors needs fail or zero, not '{}'", word));
}

std::unique_ptr<ImageReader> apply_read_errors(std::unique_ptr<ImageReader> image, ReadErrors read_errors) {
    if (read_errors == ReadErrors::fail) return image;
    return std::make_unique<TolerantReader>(std::move(image));
}

std::string unreadable_text(std::span<const ByteRange> ranges) {
    ByteCount bytes;
    for (const ByteRange& range : ranges) bytes += range.length;
    return fmt::format("{} ({}) could not be read and {} zeros in the snapshot", counted(ranges.size(), "place"),
                       human_size(bytes), ranges.size() == 1 ? "is" : "are");
}

Json unreadable_json(std::span<const ByteRange> ranges) {
    Json json = Json::array();
    for (const ByteRange& range : ranges) {
        Json one;
        one["offset"] = range.begin.value;
        one["length"] = range.length.value;
        json.push_back(std::move(one));
    }
    return json;
}

}  // namespace varve
