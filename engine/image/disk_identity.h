#pragma once
/// What a disk calls itself: the identifier of its partition table, or of the file system that fills it. It stays the
/// same from night to night and differs between disks.

#include <string>

#include "engine/image/image_reader.h"

namespace varve {

/// "GPT disk id 6f1c…", "MBR disk id 0x1234abcd", "ext file system 0a1b…", "XFS …", "NTFS …", "LVM physical volume …",
/// "swap area …"; empty when none of them is recognised or the identifier is zero. Reads at most the first 68 KiB, and
/// nothing where no data is allocated. Throws what the image throws.
///
/// Sources: UEFI 2.10 section 5.3.2 (GPT header at LBA 1, 512 or 4096 bytes; disk GUID at 56), the MBR's signature at
/// 440; Linux fs/ext4 (superblock at 1024: magic at 56, UUID at 104), XFS (magic "XFSB", UUID at 32), NTFS (OEM id at
/// 3, serial at 72), LVM2 label (one of the first four sectors: "LABELONE", UUID at the header offset), swap
/// ("SWAPSPACE2" at 4086, UUID at 1036).
std::string disk_identity(const ImageReader& image);

}  // namespace varve
