#pragma once
/// The creation option of a Parallels image: `cluster_size`, as in qemu-img.

#include <vector>

#include "formats/base/option_words.h"

namespace varve::parallels {

struct CreationOptions {
    ByteCount cluster_size = mib(1);
};

/// Whether a new image may have clusters of this size. An image that is read may have any other, such as 63 sectors.
bool is_written_cluster_size(ByteCount size);

std::vector<OptionWord> option_words();

/// Throws Error(usage) for an option or value that the format does not have.
CreationOptions parse_options(const OptionMap& options);

}  // namespace varve::parallels
