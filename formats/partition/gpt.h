#pragma once
/// The GUID partition table. Source: UEFI specification, chapter 5.3.

#include <vector>

#include "engine/image/image_reader.h"
#include "formats/partition/partition.h"

namespace varve::partition {

/// The partitions of the first valid header: after the first sector or in the last one, in sectors of 512 or 4096
/// bytes. When none is valid, throws Error(corrupt) that states what is wrong with the first.
std::vector<Partition> read_gpt(const ImageReader& disk);

}  // namespace varve::partition
