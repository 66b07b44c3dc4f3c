#include "formats/chain/parent_by_uuid.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {
namespace {

struct IdentifiedImage {
    DiskIdentity identity;
    std::string_view format;
};

std::optional<IdentifiedImage> identify(const ByteSourcePtr& source, const FormatList& formats) {
    Bytes bytes(4096);
    bytes.resize(read_some(*source, ByteOffset{}, bytes));
    for (const FormatDescriptor* format : formats.all()) {
        if (format->peek_identity == nullptr || !format->has_magic(text_of(bytes))) continue;
        if (const auto identity = format->peek_identity(source)) return IdentifiedImage{*identity, format->name};
    }
    return std::nullopt;
}

std::optional<IdentifiedImage> try_to_identify(const ByteSourcePtr& source, const FormatList& formats) {
    try {
        return identify(source, formats);
    } catch (const Error&) {
        return std::nullopt;
    }
}

}  // namespace

BackingFit look_for_parent(const BackingSearch& search, const ByteSourcePtr& source, const FormatList& formats) {
    const auto image = try_to_identify(source, formats);
    const Uuid& modify = search.parent.modify;
    if (!image || image->identity.create != search.parent.create) return {};
    if (modify.is_null() || image->identity.modify == modify) return {image->format};
    return {image->format, fmt::format("may have been written to after the image above it was created: expected "
                                       "modification {}, found {}; what that image reads from it may have changed",
                                       modify.text(), image->identity.modify.text())};
}

std::vector<std::string> parent_extensions(std::string_view child_format, const FormatList& formats) {
    std::vector<const FormatDescriptor*> known;
    for (const FormatDescriptor* format : formats.all())
        if (format->peek_identity != nullptr) known.push_back(format);
    std::stable_partition(known.begin(), known.end(),
                          [&](const FormatDescriptor* format) { return format->name == child_format; });
    std::vector<std::string> extensions;
    for (const FormatDescriptor* format : known)
        for (const std::string_view extension : format->extensions) extensions.push_back(fmt::format(".{}", extension));
    return extensions;
}

}  // namespace varve
