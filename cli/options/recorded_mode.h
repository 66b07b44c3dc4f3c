#pragma once
/// The permissions of a backed-up file, kept with a snapshot beside its creation options, as "mode" = "0640".

#include <sys/types.h>
#include <optional>
#include <string>

#include "formats/base/option_words.h"

namespace varve {

/// Adds the permissions of the regular file `path`; does nothing for anything else.
void record_mode(const std::string& path, OptionMap& options);

/// nullopt when none are recorded, or something that is not three octal digits after a 0.
std::optional<mode_t> recorded_mode(const OptionMap& options);

}  // namespace varve
