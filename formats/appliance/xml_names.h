#pragma once
/// Names in a descriptor without their namespace prefixes. Pure.

#include <string_view>

#include <pugixml.hpp>

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

inline bool is_element(const pugi::xml_node& node, std::string_view local) {
    return node.type() == pugi::node_element && local_name(node.name()) == local;
}

}  // namespace varve::appliance
