#pragma once
/// The GUID partition table. Source: UEFI specification, chapter 5.3.

#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/partition/partition.h"

namespace varve::partition {

/// The partitions of the first header, after the first sector, or else of the second: in the disk's last sector, or in
/// `last_sector`, which was the last one when the protective MBR was written. Sectors have 512 or 4096 bytes. A warning
/// states when one copy of the table is damaged, or when they differ. When none is valid, throws Error(corrupt) that
/// states what is wrong with the first.
std::vector<Partition> read_gpt(const ImageReader& disk, std::uint64_t last_sector, std::vector<std::string>& warnings);

}  // namespace varve::partition
