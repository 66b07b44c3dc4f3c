#pragma once
/// What `varve info` shows of an appliance.

#include <string>

#include "cli/terminal/json.h"
#include "formats/appliance/package_reader.h"

namespace varve {

/// The machine, and a table of its disks.
std::string package_text(const appliance::PackageReader& package);
Json package_json(const appliance::PackageReader& package);

}  // namespace varve
