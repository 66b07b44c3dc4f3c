#include "formats/chain/format_decision.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "formats/chain/layer_formats.h"
#include "formats/chain/probe.h"

namespace varve {
namespace {

Error not_read(const ByteSource& source, const std::string& format, std::string_view way_out) {
    return Error(ErrorCode::unsupported,
                 fmt::format("'{}' is {}; this version of varve reads {}; {}", source.name(),
                             describe_format(escape_for_display(format)), fmt::join(read_formats(), " and "), way_out));
}

/// Whether a probed word is a compression's: its program has that name.
bool is_compressed_file(std::string_view probed) {
    constexpr std::array<std::string_view, 4> words{"gzip", "xz", "zstd", "bzip2"};
    return std::ranges::find(words, probed) != words.end();
}

bool is_device(const ByteSource& source) {
    return source.file() != nullptr && source.file()->kind() == FileKind::block_device;
}

/// Whether a name or a kind of file makes one expect raw bytes.
bool looks_raw(const ImageFile& image) {
    const std::string ending = std::filesystem::path(image.place.path).extension().string();
    return ending == ".raw" || ending == ".img" || ending == ".dd" || is_device(*image.source);
}

FormatDecision decide_declared_backing(const ImageFile& image, const std::string& declared) {
    FormatDecision decision{declared, {}};
    const std::optional<std::string> probed = declared == "raw" ? probe_format(*image.source) : std::nullopt;
    if (probed)
        decision.warnings.push_back(
            fmt::format("'{}' was read as raw, as --backing-format says, although its first bytes are those of {}",
                        image.source->name(), describe_format(*probed)));
    return decision;
}

}  // namespace

void require_known_option(const std::optional<std::string>& format, std::span<const std::string_view> known,
                          std::string_view option) {
    if (format && std::ranges::find(known, *format) == known.end())
        throw Error(ErrorCode::usage, fmt::format("{} '{}' is not a format that this version of varve reads; say {}",
                                                  option, escape_for_display(*format), fmt::join(known, " or ")));
}

FormatDecision decide_top(const ImageFile& image, const std::optional<std::string>& format) {
    if (format) return {*format, {}};
    const std::optional<std::string> probed = probe_format(*image.source);
    if (!probed) return {"raw", {}};
    if (*probed == "lvm2")
        throw not_read(
            *image.source, *probed,
            fmt::format("name a volume on it, lvm:VG/LV with --pv {} ('varve info lvm: --pv {}' lists them), or "
                        "pass --format raw to take the whole disk as it is",
                        image.source->name(), image.source->name()));
    if (is_compressed_file(*probed))
        throw not_read(
            *image.source, *probed,
            fmt::format("unpack it, if need be into standard input ('{} -dc FILE | varve ... --format F -'), "
                        "or pass --format raw to take its bytes as they are",
                        *probed));
    if (*probed != package_format && !is_read(*probed))
        throw not_read(*image.source, *probed, "pass --format raw to take its bytes as they are");
    FormatDecision decision{*probed, {}};
    if (looks_raw(image) && names_another_file(*image.source, *probed))
        decision.warnings.push_back(
            fmt::format("'{}' looks like a raw disk by its name but has a {} header that names another "
                        "file, and was read as {}; if a guest may have written that header, pass --format raw",
                        image.source->name(), *probed, *probed));
    return decision;
}

FormatDecision decide_backing(const ImageFile& image, const std::optional<std::string>& recorded,
                              const std::optional<std::string>& declared) {
    if (recorded && is_read(*recorded)) return {*recorded, {}};
    if (recorded) throw not_read(*image.source, *recorded, "convert the chain with 'qemu-img convert'");
    if (declared) return decide_declared_backing(image, *declared);
    const std::optional<std::string> probed = probe_format(*image.source);
    if (!probed)
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' is a backing file whose format is not recorded, and its first bytes are those "
                                "of no known format; if it is a raw disk, pass --backing-format raw",
                                image.source->name()));
    if (!is_read(*probed)) throw not_read(*image.source, *probed, "if it is a raw disk, pass --backing-format raw");
    return {*probed, {}};
}

}  // namespace varve
