#pragma once
/// What `varve info` shows of an appliance.

#include <string>

#include "cli/terminal/json.h"
#include "formats/appliance/package_reader.h"

namespace varve {

/// The machine, and a table of its disks.
std::string package_text(const ovf::Package& package);
Json package_json(const ovf::Package& package);

}  // namespace varve
