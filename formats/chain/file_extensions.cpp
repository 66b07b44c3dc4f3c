#include "formats/chain/file_extensions.h"

#include "engine/base/ascii.h"

namespace varve {

std::size_t ending_rank(std::string_view name, std::span<const std::string_view> endings) {
    std::size_t rank = 0;
    while (rank < endings.size() && !ends_ignoring_case(name, endings[rank])) ++rank;
    return rank;
}

}  // namespace varve
