#include "formats/vmdk/recorded_name.h"

#include <algorithm>

#include "formats/base/foreign_name.h"
#include "formats/vmdk/text_encoding.h"

namespace varve::vmdk {

std::vector<std::string> names_here(const std::string& recorded, const std::string& encoding) {
    std::vector<std::string> names;
    if (const auto utf8 = to_utf8(recorded, encoding)) names = varve::names_here(*utf8);
    for (std::string& name : varve::names_here(recorded))
        if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    return names;
}

}  // namespace varve::vmdk
