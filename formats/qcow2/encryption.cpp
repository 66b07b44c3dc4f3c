#include "formats/qcow2/encryption.h"

#include <fmt/format.h>

#include "formats/crypt/decrypted_read.h"
#include "formats/crypt/encrypted_image.h"
#include "formats/crypt/legacy_aes.h"
#include "formats/crypt/luks_key.h"

namespace varve::qcow2 {

Encryption::Encryption(const ByteSource& file, const Header& header, const crypt::Secret& secret)
    : method_(header.crypt_method) {
    if (method_ == CryptMethod::aes) {
        cipher_text_ = "aes-128-cbc-plain64";
        if (secret) cipher_.emplace(crypt::legacy_aes(*secret));
        return;
    }
    const ByteRange place = *header.extensions.luks;
    const crypt::LuksHeader luks = crypt::read_luks_header(file, place);
    cipher_text_ = luks.cipher.text();
    if (secret) cipher_.emplace(luks.cipher, crypt::unlock(file, place.begin, luks, *secret));
}

std::string Encryption::feature() const { return fmt::format("encrypted {} ({})", method(), cipher_text_); }

ByteCount Encryption::read(const ByteSource& data, ByteOffset host, ByteOffset guest, ByteSpan out) const {
    if (!cipher_) throw crypt::secret_needed(data, method());
    return crypt::decrypted_read(data, host, method_ == CryptMethod::luks ? host : guest, *cipher_, out);
}

}  // namespace varve::qcow2
