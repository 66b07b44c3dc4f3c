#pragma once
/// A file of an OVF package as the one sound file that it stands for: chunks put together, gzip taken off. Source: DMTF
/// DSP0243, "References" (chunkSize, compression); RFC 1952.

#include <span>
#include <stop_token>
#include <string>

#include "engine/base/file.h"
#include "engine/base/progress.h"
#include "engine/base/units.h"
#include "formats/base/byte_source.h"

namespace varve::appliance {

/// Reads `chunks` one after the other into a temporary file without a name, in $TMPDIR, else in /var/tmp; blocks of
/// zeros take no space there. With `is_gzip` they are, together, a gzip file of one or more members. `shown` names the
/// whole in error texts, without quotes ("a.ova: a.vmdk.gz"), and is the beginning of the result's path. Throws
/// Error(refused) once it comes to more than `length_max`, Error(corrupt) with the place for gzip that is damaged or
/// cut off, Error(io) when the space does not suffice, Error(cancelled).
File unpack(std::span<const ByteSourcePtr> chunks, bool is_gzip, ByteCount length_max, const std::string& shown,
            Progress& progress, const std::stop_token& stop);

}  // namespace varve::appliance
