#include "engine/prune/substitute_page.h"

namespace varve {
namespace {

constexpr const char* substitute_name = "substitute of a map page";

}  // namespace

LeafPage leaf_of(const SubstitutePage& page) { return parse_leaf_page(page.page, substitute_name); }

InnerPage inner_of(const SubstitutePage& page) { return parse_inner_page(page.page, page.level, substitute_name); }

SubstitutePage page_of_nothing(int level) {
    if (level == 0) return {level, encode(LeafPage{})};
    InnerPage page;
    page.level = level;
    return {level, encode(page)};
}

}  // namespace varve
