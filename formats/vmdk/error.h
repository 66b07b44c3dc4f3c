#pragma once
/// The sentences in which a VMDK is refused: they begin with the file and the place in it, and end with what to do.

#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace varve::vmdk {

/// Error(corrupt): bytes break the rules of the format. `place` is ByteSourcePtr::place's text or names a line of a
/// descriptor; `what` names the field, the expected and the found.
Error corrupt(const std::string& place, std::string_view what);

/// Error(unsupported): a sound disk with something that this version does not read. `what` completes "place: …".
Error unsupported(const std::string& place, std::string_view what);

}  // namespace varve::vmdk
