#pragma once
/// Disks for the LVM tests: a fixture with bytes changed or cut off, and physical volumes built byte by byte according
/// to lib/format_text/layout.h of lvm2.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "formats/base/reader_source.h"
#include "tests/fakes/steady_image.h"

namespace varve::lvm_test {

inline ByteRange range(std::uint64_t begin, std::uint64_t length) { return {ByteOffset{begin}, ByteCount{length}}; }

/// `disk` with a name: its places are "'<name>' at byte 4096".
ByteSourcePtr named(std::shared_ptr<const ImageReader> disk, const std::string& name);

/// A disk of `size` bytes, zeros or the first bytes of another disk, with some bytes set.
class ChangedDisk final : public fakes::SteadyImage {
public:
    explicit ChangedDisk(std::uint64_t size);
    explicit ChangedDisk(std::shared_ptr<const ImageReader> base);
    explicit ChangedDisk(ByteView bytes);

    void set(std::uint64_t at, ByteView bytes);
    void flip(std::uint64_t bit);
    void cut(std::uint64_t size) { info_.virtual_size = ByteCount{size}; }

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {}; }

private:
    std::shared_ptr<const ImageReader> base_;
    std::map<std::uint64_t, std::byte> changes_;
    ImageInfo info_;
};

/// One metadata area of a generated physical volume. Its ring begins after the header.
struct MadeArea {
    std::uint64_t begin = 4096;
    std::uint64_t size = 16384;
    std::string text = {};  ///< without the NUL; empty: no text
    std::uint64_t text_offset = 512;
    bool is_ignored = false;
};

struct MadeVolume {
    std::string uuid;  ///< with dashes
    std::uint64_t size = 1 << 20;
    std::uint64_t label_sector = 1;
    std::uint64_t data_begin = 64 << 10;
    std::vector<MadeArea> areas = {};
};

Bytes bytes_of_volume(const MadeVolume& volume);

/// Update the checksums of a label sector, of a metadata area's header and of the text that it points to, as far as
/// they are inside `disk`.
void seal_label(ByteSpan disk, std::uint64_t sector);
void seal_area(ByteSpan disk, std::uint64_t begin);

/// "pv-name" padded to a uuid with dashes.
std::string made_uuid(const std::string& name);

/// The text of the Error that `call` throws; empty if it throws none.
template <typename Call>
std::string refusal(const Call& call) {
    try {
        call();
    } catch (const Error& e) {
        return e.what();
    }
    return {};
}

/// The code of that Error; nullopt if `call` throws none.
template <typename Call>
std::optional<ErrorCode> refusal_code(const Call& call) {
    try {
        call();
    } catch (const Error& e) {
        return e.code();
    }
    return std::nullopt;
}

}  // namespace varve::lvm_test
