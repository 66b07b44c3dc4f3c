#include "formats/chain/format_decision.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/chain/probe.h"

namespace varve {
namespace {

Error not_read(const ByteSource& source, const std::string& format, const FormatList& formats,
               std::string_view way_out) {
    return Error(ErrorCode::unsupported,
                 fmt::format("'{}' is {}; this version of varve reads {}; {}", source.name(), formats.describe(format),
                             fmt::join(formats.openable(), ", "), way_out));
}

Error not_read(const ByteSource& source, const FormatDescriptor& format, const FormatList& formats) {
    const std::string way_out =
        format.way_out != nullptr ? format.way_out(source.name()) : "pass --format raw to take its bytes as they are";
    return not_read(source, std::string(format.name), formats, way_out);
}

bool is_device(const ByteSource& source) {
    return source.file() != nullptr && source.file()->kind() == FileKind::block_device;
}

/// Whether the name or the kind of the file suggests raw bytes.
bool looks_raw(const ImageFile& image, const FormatList& formats) {
    return is_device(*image.source) || formats.expected_by_name(image.place.path) == formats.find("raw");
}

bool is_opened(const FormatDescriptor& format) {
    return format.use == FormatUse::image || format.use == FormatUse::package;
}

/// A file without any known magic, under a name that promises one: a download that failed, a header that was
/// overwritten, or another file of the folder.
Error not_as_named(const ImageFile& image, const FormatDescriptor& expected) {
    return Error(
        ErrorCode::refused,
        fmt::format(
            "'{}' is named like {}, but {}; pass --format raw if it is a raw disk{}", image.source->name(),
            expected.noun, image.source->size().value == 0 ? "is empty" : "its bytes are not those of one",
            is_opened(expected) ? fmt::format(", or --format {} to read it as one anyway", expected.name) : ""));
}

/// The format with a known magic, null if there is none. Throws for one that is not opened.
const FormatDescriptor* probe_opened(const ByteSource& source, const FormatList& formats) {
    const FormatDescriptor* probed = probe_format(source, formats);
    if (probed != nullptr && !is_opened(*probed)) throw not_read(source, *probed, formats);
    return probed;
}

FormatDecision decide_without_magic(const ImageFile& image, const FormatList& formats) {
    const FormatDescriptor* expected = is_device(*image.source) ? nullptr : formats.expected_by_name(image.place.path);
    if (expected != nullptr && expected->name != "raw") throw not_as_named(image, *expected);
    return {"raw", {}, true};
}

FormatDecision decide_declared_backing(const ImageFile& image, const std::string& declared, const FormatList& formats) {
    FormatDecision decision{declared, {}};
    const FormatDescriptor* probed = declared == "raw" ? probe_format(*image.source, formats) : nullptr;
    if (probed != nullptr)
        decision.warnings.push_back(
            fmt::format("'{}' was read as raw because of --backing-format, although its first bytes are those of {}",
                        image.source->name(), probed->noun));
    return decision;
}

}  // namespace

void require_known_option(const std::optional<std::string>& format, std::span<const std::string_view> known,
                          std::string_view option) {
    if (format && std::ranges::find(known, *format) == known.end())
        throw Error(ErrorCode::usage,
                    fmt::format("{} '{}' is not a format that this version of varve reads; pass one of {}", option,
                                *format, fmt::join(known, ", ")));
}

FormatDecision decide_top(const ImageFile& image, const std::optional<std::string>& format, const FormatList& formats) {
    if (format) return {*format, {}};
    const FormatDescriptor* probed = probe_opened(*image.source, formats);
    if (probed == nullptr) return decide_without_magic(image, formats);
    FormatDecision decision{std::string(probed->name), {}, true};
    const bool is_doubtful = looks_raw(image, formats) && probed->names_another_file != nullptr;
    if (is_doubtful && probed->names_another_file(*image.source))  // which may read more than a header
        decision.warnings.push_back(
            fmt::format("'{}' looks like a raw disk by its name but has a {} header that names another "
                        "file, and was read as {}; if a guest may have written that header, pass --format raw",
                        image.source->name(), probed->name, probed->name));
    return decision;
}

FormatDecision decide_packaged(const ByteSource& source, const FormatList& formats) {
    const FormatDescriptor* probed = probe_opened(source, formats);
    return {probed == nullptr ? "raw" : std::string(probed->name), {}};
}

FormatDecision decide_nameless(const ByteSource& source, const std::optional<std::string>& format,
                               const FormatList& formats) {
    if (format) return {*format, {}};
    FormatDecision decision{"raw", {}};
    const FormatDescriptor* probed = probe_format(source, formats);
    if (probed != nullptr && !probed->may_be_guest_data)
        decision.warnings.push_back(fmt::format(
            "'{}' was read as raw, although its first bytes are those of {}; pass --format {}", source.name(),
            probed->noun,
            is_opened(*probed) ? fmt::format("{} to read the disk in it", probed->name) : "raw if that is right"));
    return decision;
}

FormatDecision decide_backing(const ImageFile& image, const std::optional<std::string>& recorded,
                              const std::optional<std::string>& declared, const FormatList& formats) {
    if (recorded && formats.is_readable(*recorded)) return {*recorded, {}};
    if (recorded) throw not_read(*image.source, *recorded, formats, "convert the chain with 'qemu-img convert'");
    if (declared) return decide_declared_backing(image, *declared, formats);
    const FormatDescriptor* probed = probe_format(*image.source, formats);
    if (probed == nullptr)
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' is a backing file whose format is not recorded, and its first bytes are those "
                                "of no known format; if it is a raw disk, pass --backing-format raw",
                                image.source->name()));
    const std::string format(probed->name);
    if (probed->use != FormatUse::image)
        throw not_read(*image.source, format, formats, "if it is a raw disk, pass --backing-format raw");
    return {format, {}};
}

}  // namespace varve
