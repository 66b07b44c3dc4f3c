#pragma once
/// The header of a new VDI image, version 1.1 as VirtualBox writes it. Source: VirtualBox VDICore.h.

#include "engine/base/bytes.h"
#include "engine/base/units.h"
#include "formats/vdi/header.h"

namespace varve::vdi {

/// The first sector of the file. `header` needs no version and has neither parent nor extra bytes.
Bytes encode_header(const Header& header);

}  // namespace varve::vdi
