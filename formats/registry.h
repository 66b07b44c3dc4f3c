#pragma once
/// Every format that varve knows, one line each. formats/README.md explains how to add one ("How to add a format").

#include "formats/base/format_list.h"

namespace varve {

/// In the order in which formats are probed, and listed in the help. Lives as long as the program.
const FormatList& format_registry();

}  // namespace varve
