#include "formats/vdi_parent.h"

#include <fmt/format.h>

#include "engine/base/check.h"

namespace varve::vdi {

BackingSearch parent_search(const Header& child) {
    VARVE_CHECK(child.is_differencing());
    BackingSearch search;
    search.wanted = fmt::format("the VDI image with the UUID {}", child.parent.text());
    search.ending = ".vdi";
    search.look = [parent = child.parent, modify = child.parent_modify](const File& file) -> BackingFit {
        const auto identity = peek_identity(file);
        if (!identity || identity->create != parent) return {};
        if (modify.is_null() || identity->modify == modify) return {true};
        return {true, fmt::format("was written to after the image above it was made: modification {} expected, {} "
                                  "found; what that image took from it may have changed",
                                  modify.text(), identity->modify.text())};
    };
    return search;
}

}  // namespace varve::vdi
