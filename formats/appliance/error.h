#pragma once
/// The errors about a package whose texts can't be used. `where` names the text: "'a.ova', member 'a.ovf'".

#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace varve::appliance {

/// Error(corrupt): the text breaks the rules of its format. `what` names the place, the expected and the found.
Error corrupt(const std::string& where, std::string_view what);

/// Error(refused): the text is past a limit, or has something that varve does not follow.
Error refused(const std::string& where, std::string_view what);

}  // namespace varve::appliance
