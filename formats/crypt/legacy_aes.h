#pragma once
/// The encryption of qcow and qcow2 images before LUKS (crypt_method 1): AES-128 in CBC mode under the passphrase's own
/// bytes, each guest sector numbered. Nothing in an image tells whether a passphrase is right. Source: qemu
/// crypto/block-qcow.c (the specification's 256 bits are not what any version does).

#include "engine/image/image_reader.h"
#include "formats/crypt/secret_file.h"
#include "formats/crypt/sector_cipher.h"

namespace varve::crypt {

/// The key is the first 16 bytes of the secret, padded with zeros. Sector numbers are those of the guest's disk.
SectorCipher legacy_aes(const SecretFile& secret);

/// Throws Error(refused) if all of the first data on the disk looks random, as it does under a wrong key: a disk has
/// structure at its beginning. `name` is the image's. Reads at most 256 KiB.
void refuse_noise(const ImageReader& disk, const std::string& name);

}  // namespace varve::crypt
