#include "formats/qcow2/features.h"

#include <array>
#include <bit>

#include <fmt/format.h>

#include "formats/base/image_error.h"

namespace varve::qcow2 {
namespace {

using Kind = FeatureBit::Kind;

struct KnownFeature {
    FeatureBit bit;
    std::string_view name;
};

constexpr std::array known_features{
    KnownFeature{{Kind::incompatible, 0}, "dirty"},       KnownFeature{{Kind::incompatible, 1}, "corrupt"},
    KnownFeature{{Kind::incompatible, 2}, "data_file"},   KnownFeature{{Kind::incompatible, 3}, "compression_type"},
    KnownFeature{{Kind::incompatible, 4}, "extended_l2"}, KnownFeature{{Kind::compatible, 0}, "lazy_refcounts"},
    KnownFeature{{Kind::autoclear, 0}, "bitmaps"},        KnownFeature{{Kind::autoclear, 1}, "data_file_raw"},
};

constexpr std::uint64_t incompatible_known = 0x1f;

std::string_view kind_name(Kind kind) {
    switch (kind) {
        case Kind::incompatible:
            return "incompatible";
        case Kind::compatible:
            return "compatible";
        case Kind::autoclear:
            return "autoclear";
    }
    return "unknown";
}

std::string name_of(FeatureBit bit) {
    for (const KnownFeature& known : known_features)
        if (known.bit == bit) return std::string(known.name);
    return fmt::format("{} bit {}", kind_name(bit.kind), bit.bit);
}

void append_names(std::uint64_t bits, Kind kind, std::vector<std::string>& out) {
    for (std::uint8_t bit = 0; bit < 64; ++bit)
        if ((bits >> bit & 1) != 0) out.push_back(name_of({kind, bit}));
}

}  // namespace

void refuse_unknown_features(const ByteSource& file, const Features& features, const FeatureNames& names) {
    const std::uint64_t unknown = features.incompatible & ~incompatible_known;
    if (unknown == 0) return;
    const FeatureBit bit{Kind::incompatible, static_cast<std::uint8_t>(std::countr_zero(unknown))};
    const auto named = names.find(bit);
    const std::string name =
        named == names.end() ? std::string("not named in the image") : fmt::format("'{}'", named->second);
    throw unsupported_image(file, fmt::format("an unknown feature (incompatible feature bit {}, {})", bit.bit, name));
}

std::vector<std::string> feature_names(const Features& features) {
    std::vector<std::string> names;
    append_names(features.incompatible, Kind::incompatible, names);
    append_names(features.compatible, Kind::compatible, names);
    append_names(features.autoclear, Kind::autoclear, names);
    return names;
}

std::vector<std::string> feature_warnings(const ByteSource& file, const Features& features) {
    std::vector<std::string> warnings;
    if ((features.incompatible & incompatible_dirty) != 0)
        warnings.push_back(
            fmt::format("'{}' is marked dirty: it was not closed cleanly or is in use; "
                        "its guest data was read according to its tables",
                        file.name()));
    if ((features.incompatible & incompatible_corrupt) != 0)
        warnings.push_back(
            fmt::format("'{}' is marked corrupt: the data read may differ from what the guest wrote; "
                        "check it with 'qemu-img check'",
                        file.name()));
    return warnings;
}

}  // namespace varve::qcow2
