#include "store/pack/pack_names.h"

namespace varve {

std::string pack_name(const PackId& id) {
    const std::string hex = id.hex();
    return std::string(packs_prefix) + hex.substr(0, 2) + "/" + hex;
}

std::optional<PackId> pack_of_name(std::string_view name) {
    const std::size_t slash = name.rfind('/');
    PackId id;
    if (slash == std::string_view::npos || !from_hex(name.substr(slash + 1), id.bytes) || pack_name(id) != name)
        return std::nullopt;
    return id;
}

}  // namespace varve
