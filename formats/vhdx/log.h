#pragma once
/// The log of a VHDX file that was not closed: updates of its metadata that may not have reached their places. Reading
/// such a file without them gives wrong data. They are replayed in memory; the file is never written to. Source:
/// MS-VHDX 2.3.
///
/// The log is a ring of sectors of 4 KiB. An entry: header of 64 bytes, descriptors of 32, then a sector of data for
/// each descriptor of data. The entries to replay are the valid run with the highest sequence number, from the entry
/// that its last one names as the tail.

#include <string>
#include <vector>

#include "formats/vhdx/file_header.h"

namespace varve::vhdx {

/// `file` itself if its log is empty, else the file after the replay, with a warning. Throws Error(corrupt) if no run
/// of entries is valid or the file is shorter than the log says, Error(unsupported) for a log of more than 256 MiB.
/// Memory: the data of the entries, at most the length of the log.
ByteSourcePtr replay_log(const ByteSourcePtr& file, const FileHeader& header, std::vector<std::string>& warnings);

}  // namespace varve::vhdx
