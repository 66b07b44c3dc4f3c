#pragma once
/// The list of logical volumes that `varve info lvm:` shows.

#include <string>

#include "cli/terminal/json.h"
#include "formats/lvm/volume_list.h"

namespace varve {

/// A table of volumes, with the reasons why some cannot be read and missing physical volumes below it.
std::string volumes_text(const lvm::VolumeList& list);
Json volumes_json(const lvm::VolumeList& list);

}  // namespace varve
