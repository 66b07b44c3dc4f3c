#pragma once
/// A LUKS volume of version 1 as a disk: its plain bytes. All of it is data, because a hole in the file below decrypts
/// to noise, which is what the guest reads there.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/base/byte_source.h"
#include "formats/crypt/luks_header.h"
#include "formats/crypt/secret_file.h"

namespace varve::luks {

class Reader final : public ImageReader {
public:
    struct Options {
        std::vector<std::string> warnings;  ///< how the image was opened; info().warnings begins with them
        crypt::Secret secret;
        ByteSourcePtr detached_header = {};  ///< null: the header is at the start of the volume
        bool is_for_facts_only = false;      ///< without a secret: opened all the same, but read() throws
    };

    /// Takes the size that `volume` has now. Throws Error(corrupt | unsupported) for the header, Error(refused) for a
    /// missing or wrong secret.
    Reader(ByteSourcePtr volume, const Options& options);

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {bytes_read_.load(std::memory_order_relaxed)}; }
    void check_unchanged() const override;
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override { return volume_->late_warnings(); }

private:
    void open(const Options& options);

    ByteSourcePtr volume_;
    ByteSourcePtr header_source_;
    ByteOffset payload_;
    std::optional<crypt::SectorCipher> cipher_;  ///< nothing: for facts only
    ImageInfo info_;
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace varve::luks
