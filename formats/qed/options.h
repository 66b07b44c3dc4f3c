#pragma once
/// The creation options of a QED image, as in qemu-img.

#include <optional>
#include <string>
#include <vector>

#include "formats/base/option_words.h"
#include "formats/qed/header.h"

namespace varve::qed {

struct CreationOptions {
    ByteCount cluster_size = Header{}.cluster_size;
    std::uint32_t table_clusters = Header{}.table_clusters;  ///< not 1: QEMU does not open such images
    std::optional<std::string> backing_file = {};            ///< the name that the image records
    std::optional<std::string> backing_format = {};          ///< the image records whether it is raw
};

/// The options, in the order of the help.
std::vector<OptionWord> option_words();

/// Throws Error(usage) for an option or value that QED does not have, and for tables of more than 16 MiB.
CreationOptions parse_options(const OptionMap& options);

}  // namespace varve::qed
