#pragma once
/// Restores the original of a file in an OVF package: joins its chunks and decompresses gzip. Source: DMTF DSP0243,
/// "References" (chunkSize, compression); RFC 1952.

#include <span>
#include <stop_token>
#include <string>

#include "engine/base/file.h"
#include "engine/base/progress.h"
#include "engine/base/units.h"
#include "formats/base/byte_source.h"

namespace varve::appliance {

/// Reads `chunks` one after the other into an unnamed temporary file, in $TMPDIR or else in /var/tmp; blocks of zeros
/// take no space there. With `is_gzip` the chunks together are a gzip file of one or more members. `shown` names the
/// whole in errors, without quotes ("a.ova: a.vmdk.gz"), and begins the path of the result. Throws Error(refused) once
/// the result exceeds `length_max`, Error(corrupt) with the place for damaged or truncated gzip, Error(io) if the space
/// runs out, Error(cancelled).
File unpack(std::span<const ByteSourcePtr> chunks, bool is_gzip, ByteCount length_max, const std::string& shown,
            Progress& progress, const std::stop_token& stop);

}  // namespace varve::appliance
