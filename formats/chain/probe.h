#pragma once
/// Recognises image formats by their magic numbers, also those that this version does not read, so that a refusal can
/// name them. Source: the public specification of each format; order as in formats/README.md, "Probing".

#include <optional>
#include <string>
#include <string_view>

#include "formats/base/byte_source.h"

namespace varve {

/// The format whose magic `source` carries, in qemu-img's words where qemu-img has one ("qcow2", "vmdk", "vpc", "lvm2"
/// …), or nothing when none claims it. Reads the first 4 KiB and the last 512 bytes.
std::optional<std::string> probe_format(const ByteSource& source);

/// Whether the header in `source`, of `format` as probed, leads to another file: a qcow2 image's backing or data file,
/// a differencing VDI image's parent, and any VMDK's extents or parent.
bool names_another_file(const ByteSource& source, std::string_view format);

/// "a VMware disk (vmdk)" for "vmdk": a noun phrase for error texts.
std::string describe_format(std::string_view format);

}  // namespace varve
