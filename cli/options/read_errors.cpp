#include "cli/options/read_errors.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/terminal/human_size.h"
#include "engine/base/error.h"
#include "engine/image/tolerant_reader.h"

namespace varve {

OptionSpec read_errors_spec() {
    return {"read-errors", 0, "HOW", Repeat::once,
            "what to do about unreadable sectors and damaged places of an image: fail (the default), or zero: put "
            "zeros there, list them, warn, and exit with 3"};
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

std::string unreadable_text(std::span<const ByteRange> ranges, std::string_view where) {
    ByteCount bytes;
    for (const ByteRange& range : ranges) bytes += range.length;
    return fmt::format("{} ({}) could not be read and {} zeros in {}", counted(ranges.size(), "place"),
                       human_size(bytes), ranges.size() == 1 ? "is" : "are", where);
}

std::string unreadable_list(std::span<const ByteRange> ranges) {
    constexpr std::size_t places_listed_max = 20;
    std::string out;
    for (const ByteRange& range : ranges.first(std::min(ranges.size(), places_listed_max)))
        out += fmt::format("    {} at offset {}\n", human_size(range.length), range.begin.value);
    if (ranges.size() > places_listed_max) out += fmt::format("    and {} more\n", ranges.size() - places_listed_max);
    return out;
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
