#pragma once
/// What kind of appliance (OVA) to make, and the words that say so. They are varve's own: qemu-img writes none.
///
/// Decision: nothing carries over from a source that was a VMDK. Its adapter is more often the default of the tool that
/// made the file than the machine's; where the machine's descriptor was kept, that tells.

#include <optional>
#include <string>

#include "engine/base/content_digest.h"
#include "formats/base/option_words.h"
#include "formats/base/uuid.h"
#include "formats/vmdk/options.h"

namespace varve::appliance {

struct CreationOptions {
    /// Nothing: no manifest. Decision: SHA256; old VMware products want SHA1, new ones may refuse it.
    std::optional<DigestAlgorithm> manifest = DigestAlgorithm::sha256;
    /// Of a generated descriptor, and for the geometry of every disk; a kept descriptor has controllers of its own.
    vmdk::AdapterType adapter_type = vmdk::AdapterType::lsilogic;
    /// From it come the disks' own; with it the same disks give the same archive under the same name, byte by byte.
    std::optional<vdi::Uuid> uuid = {};
    std::optional<std::string> machine = {};  ///< its name; none: the archive's, or the kept descriptor's
    bool keeps_descriptor = true;             ///< takes the kept descriptor if there is one that fits
};

/// The words, in the order of the help.
std::vector<OptionWord> option_words();

/// Throws Error(usage) for a word or value that OVA does not have.
CreationOptions parse_creation_options(const OptionMap& options);

/// Whether a machine can have this name: 1–80 characters (what VMware takes), UTF-8 without control characters.
bool can_name_machine(std::string_view name);

}  // namespace varve::appliance
