#pragma once
/// Tags as they are typed: K=V, or K alone to remove or select a tag. A name is not empty and contains no '='.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/repository/wanted_tag.h"

namespace varve {

/// K=V words; `option` is the option that takes them, for messages. Throws Error(usage) for another form, a name given
/// twice, or text that is not UTF-8.
std::map<std::string, std::string> parse_tags(const std::vector<std::string>& words, std::string_view option);

/// K words. Throws Error(usage) like parse_tags().
std::vector<std::string> parse_tag_names(const std::vector<std::string>& words, std::string_view option);

/// K or K=V words. Throws Error(usage) for an empty name.
std::vector<WantedTag> parse_wanted_tags(const std::vector<std::string>& words, std::string_view option);

}  // namespace varve
