#pragma once
/// Names in a descriptor without their namespace prefixes. Pure.

#include <string_view>

namespace pugi {
class xml_node;
}

namespace varve::appliance {

struct XmlName {
    std::string_view prefix;  ///< without the colon; may be empty
    std::string_view local;
};

inline XmlName split_name(std::string_view name) {
    const std::size_t colon = name.find(':');
    if (colon == std::string_view::npos) return {{}, name};
    return {name.substr(0, colon), name.substr(colon + 1)};
}

inline std::string_view local_name(std::string_view name) { return split_name(name).local; }

/// Whether the node is an element of that local name.
bool is_element(const pugi::xml_node& node, std::string_view local);

}  // namespace varve::appliance
