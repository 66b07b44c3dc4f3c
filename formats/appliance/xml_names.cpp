#include "formats/appliance/xml_names.h"

#include <pugixml.hpp>

namespace varve::appliance {

bool is_element(const pugi::xml_node& node, std::string_view local) {
    return node.type() == pugi::node_element && local_name(node.name()) == local;
}

}  // namespace varve::appliance
