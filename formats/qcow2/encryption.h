#pragma once
/// The encryption of a qcow2 image's guest data. Both methods work on sectors of 512 bytes: LUKS numbers them by their
/// place in the file, the legacy AES by their place on the guest's disk. Tables and compressed clusters are never
/// encrypted. Immutable; safe from many threads.
///
/// Source: qemu docs/interop/qcow2.txt, "Full disk encryption header pointer" and "Data encryption".

#include <memory>
#include <optional>
#include <string>

#include "formats/crypt/secret_file.h"
#include "formats/crypt/sector_cipher.h"
#include "formats/qcow2/header.h"

namespace varve::qcow2 {

class Encryption {
public:
    /// Of an image that is encrypted. Without a secret nothing can be read. Throws Error(corrupt | unsupported) for a
    /// LUKS header, Error(refused) for a secret that does not open it.
    Encryption(const ByteSource& file, const Header& header, const crypt::Secret& secret);

    bool has_key() const { return cipher_.has_value(); }
    /// "by LUKS", "by AES"
    std::string_view method() const { return method_ == CryptMethod::luks ? "by LUKS" : "by AES"; }
    /// Of the legacy AES, whose images do not tell whether a secret is right.
    bool is_unproven() const { return method_ == CryptMethod::aes; }
    /// "encrypted by LUKS (aes-256-xts-plain64)"
    std::string feature() const;

    /// Fills `out` with the guest's bytes at `guest`, stored at `host` of `data`. Returns how many bytes were read from
    /// the medium. Throws Error(refused) without a key.
    ByteCount read(const ByteSource& data, ByteOffset host, ByteOffset guest, ByteSpan out) const;

private:
    CryptMethod method_;
    std::string cipher_text_;
    std::optional<crypt::SectorCipher> cipher_;
};

}  // namespace varve::qcow2
