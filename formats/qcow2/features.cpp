#include "formats/qcow2/features.h"

#include <array>

#include <fmt/format.h>

#include "engine/base/escape.h"
#include "formats/base/image_error.h"
#include "formats/qcow2/header.h"

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

void refuse_unknown_bit(const File& file, const Header& header) {
    const std::uint64_t unknown = header.incompatible & ~incompatible_known;
    if (unknown == 0) return;
    const FeatureBit bit{Kind::incompatible, static_cast<std::uint8_t>(std::countr_zero(unknown))};
    const auto named = header.extensions.feature_names.find(bit);
    const std::string name = named == header.extensions.feature_names.end()
                                 ? std::string("not named in the image")
                                 : fmt::format("'{}'", escape_for_display(named->second));
    throw unsupported_image(file, fmt::format("an unknown feature (incompatible feature bit {}, {})", bit.bit, name));
}

void append_names(std::uint64_t bits, Kind kind, std::vector<std::string>& out) {
    for (std::uint8_t bit = 0; bit < 64; ++bit)
        if ((bits >> bit & 1) != 0) out.push_back(name_of({kind, bit}));
}

}  // namespace

void refuse_unreadable_features(const File& file, const Header& header) {
    refuse_unknown_bit(file, header);
    if (header.crypt_method == 1) throw unsupported_image(file, "AES encryption (crypt_method 1)");
    if (header.crypt_method == 2) throw unsupported_image(file, "LUKS encryption (crypt_method 2)");
    if (header.crypt_method > 2)
        throw unsupported_image(file, fmt::format("an unknown encryption (crypt_method {})", header.crypt_method));
}

std::vector<std::string> feature_names(const Header& header) {
    std::vector<std::string> names;
    append_names(header.incompatible, Kind::incompatible, names);
    append_names(header.compatible, Kind::compatible, names);
    append_names(header.autoclear, Kind::autoclear, names);
    return names;
}

std::vector<std::string> feature_warnings(const File& file, const Header& header) {
    std::vector<std::string> warnings;
    if ((header.incompatible & incompatible_dirty) != 0)
        warnings.push_back(
            fmt::format("'{}' is marked dirty: it was not closed cleanly or is in use; "
                        "its guest data was read as its tables say",
                        file.path()));
    if ((header.incompatible & incompatible_corrupt) != 0)
        warnings.push_back(
            fmt::format("'{}' is marked corrupt: what was read may not be what the guest wrote; "
                        "check it with 'qemu-img check'",
                        file.path()));
    return warnings;
}

}  // namespace varve::qcow2
