#pragma once
/// The list of logical volumes that `varve info lvm:` shows.

#include <string>

#include "cli/terminal/json.h"
#include "formats/lvm/volume_list.h"

namespace varve {

/// A table of volumes, with the reasons why some can't be read below it, and missing physical volumes.
std::string volumes_text(const lvm::VolumeList& list);
Json volumes_json(const lvm::VolumeList& list);

}  // namespace varve
