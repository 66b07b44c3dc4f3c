#pragma once
/// The errors about a VMDK that can't be read: they begin with the file and the place in it, and end with the remedy.

#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace varve::vmdk {

/// Error(corrupt): bytes break the rules of the format. `place` is a place in a device or a line of a descriptor;
/// `what` names the field, the expected and the found.
Error corrupt(const std::string& place, std::string_view what);

/// Error(unsupported): a sound disk that uses something varve does not read. `what` completes "place: …".
Error unsupported(const std::string& place, std::string_view what);

}  // namespace varve::vmdk
