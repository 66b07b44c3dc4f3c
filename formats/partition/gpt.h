#pragma once
/// The GUID partition table. Source: UEFI specification, chapter 5.3.

#include <vector>

#include "engine/image/image_reader.h"
#include "formats/partition/partition.h"

namespace varve::partition {

/// The partitions of the first header that verifies: after the first sector or in the last one, in sectors of 512 or
/// 4096 bytes. Throws Error(corrupt) that says what is wrong with the first when none does.
std::vector<Partition> read_gpt(const ImageReader& disk);

}  // namespace varve::partition
