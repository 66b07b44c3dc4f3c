#pragma once
/// The creation options of an appliance (OVA). They are varve's own: qemu-img writes no appliances.
///
/// Decision: nothing carries over from a source that was a VMDK. Its adapter is more often the default of the tool that
/// wrote the file than that of the machine; if the machine's descriptor was kept, that has the right one.

#include <optional>
#include <string>

#include "engine/base/content_digest.h"
#include "formats/base/option_words.h"
#include "formats/base/uuid.h"
#include "formats/vmdk/options.h"

namespace varve::appliance {

struct CreationOptions {
    /// Nothing: no manifest. Decision: SHA256; old VMware products need SHA1, new ones may refuse it.
    std::optional<DigestAlgorithm> manifest = DigestAlgorithm::sha256;
    /// For a generated descriptor, and for the geometry of every disk; a kept descriptor has controllers of its own.
    vmdk::AdapterType adapter_type = vmdk::AdapterType::lsilogic;
    /// The disks' own are derived from it; with it, the same disks give the same archive, byte for byte, under the same
    /// name.
    std::optional<Uuid> uuid = {};
    std::optional<std::string> machine = {};  ///< its name; none: that of the archive or of the kept descriptor
    bool keeps_descriptor = true;             ///< uses the kept descriptor if there is one that fits
};

/// The options, in the order of the help.
std::vector<OptionWord> option_words();

/// Throws Error(usage) for an unknown option or value.
CreationOptions parse_creation_options(const OptionMap& options);

/// Whether a machine can have this name: 1–80 characters (VMware's limit), UTF-8 without control characters.
bool can_name_machine(std::string_view name);

}  // namespace varve::appliance
