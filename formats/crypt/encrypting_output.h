#pragma once
/// Encrypts guest data on its way to a new image. Everything is data to it: zeros are encrypted, too, because a hole
/// would read as noise. Borrows the output and the cipher; one thread at a time.

#include "formats/crypt/sector_cipher.h"
#include "formats/output/output.h"

namespace varve::crypt {

class EncryptingOutput final : public Output {
public:
    /// The byte of `output` at `sector_0` begins the sector with number 0.
    EncryptingOutput(Output& output, const SectorCipher& cipher, ByteOffset sector_0)
        : output_(output), cipher_(cipher), sector_0_(sector_0) {}

    void resize(ByteCount length) override { output_.resize(length); }
    void allocate(ByteCount length) override { output_.allocate(length); }
    void write(ByteOffset at, ByteView bytes) override;  ///< whole sectors
    bool is_sequential() const override { return output_.is_sequential(); }
    void zero(ByteRange range) override;  ///< whole sectors
    void commit() override { output_.commit(); }
    ByteCount bytes_written() const override { return output_.bytes_written(); }

private:
    Output& output_;
    const SectorCipher& cipher_;
    ByteOffset sector_0_;
    Bytes buffer_;
};

}  // namespace varve::crypt
