#pragma once
/// The partitions of a disk: GPT (UEFI specification, chapter 5) or MBR with logical partitions. Pure functions of the
/// disk's bytes, safe from many threads.

#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/partition/partition.h"

namespace varve::partition {

/// By number; empty when there is no table. A protective MBR announces a GPT, in sectors of 512 or 4096 bytes, whose
/// second header at the disk's end is used when the first is damaged, with a warning; there is also one when the two
/// differ. Partitions that are not inside the disk are left out, and so is the rest of a broken chain of logical
/// partitions. Throws Error(corrupt) when neither header of a GPT is valid. Errors and warnings are without the disk's
/// name. An MBR counts in sectors of 512 bytes.
std::vector<Partition> read_table(const ImageReader& disk, std::vector<std::string>& warnings);

/// The same partitions if the disk has sectors of 4096 bytes, the unit of its MBR then. An MBR does not record the
/// unit: only what is in the partitions shows which is right. Empty when there is no MBR, or a GPT.
std::vector<Partition> read_mbr_of_4096(const ImageReader& disk);

}  // namespace varve::partition
