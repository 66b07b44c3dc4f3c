#include "formats/chain/file_extensions.h"

#include "engine/base/ascii.h"

namespace varve {

std::size_t extension_rank(std::string_view name, std::span<const std::string_view> extensions) {
    std::size_t rank = 0;
    while (rank < extensions.size() && !ends_ignoring_case(name, extensions[rank])) ++rank;
    return rank;
}

}  // namespace varve
