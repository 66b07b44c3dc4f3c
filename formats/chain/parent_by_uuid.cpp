#include "formats/chain/parent_by_uuid.h"

#include <optional>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/chain/vmdk_uuids.h"

namespace varve::vdi {

namespace {

struct NamedImage {
    Identity identity;
    std::string_view format;
};

/// A file of a format in which VirtualBox writes down how it names the image.
std::optional<NamedImage> peek_image(const ByteSourcePtr& source) {
    if (const auto identity = peek_identity(source)) return NamedImage{*identity, "vdi"};
    if (const auto identity = vmdk::peek_identity(source)) return NamedImage{*identity, "vmdk"};
    return std::nullopt;
}

}  // namespace

BackingSearch parent_search(const Header& child) {
    VARVE_CHECK(child.is_differencing());
    BackingSearch search;
    search.wanted = fmt::format("the VDI or VMDK image with the UUID {}", child.parent.text());
    search.endings = {".vdi", ".vmdk"};
    search.look = [parent = child.parent, modify = child.parent_modify](const ByteSourcePtr& source) -> BackingFit {
        const auto image = peek_image(source);
        if (!image || image->identity.create != parent) return {};
        if (modify.is_null() || image->identity.modify == modify) return {image->format};
        return {image->format,
                fmt::format("was written to after the image above it was made: modification {} expected, {} "
                            "found; what that image took from it may have changed",
                            modify.text(), image->identity.modify.text())};
    };
    return search;
}

}  // namespace varve::vdi
