#include "formats/luks/reader.h"

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/crypt/decrypted_read.h"
#include "formats/crypt/encrypted_image.h"
#include "formats/crypt/luks_key.h"

namespace varve::luks {
namespace {

ByteOffset payload_of(const ByteSource& volume, const crypt::LuksHeader& header, bool is_detached) {
    const ByteOffset payload = header.payload;
    const bool is_header_alone = !is_detached && payload.value < crypt::luks_header_bytes;
    if (is_header_alone)
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' holds a detached LUKS header alone: name the file or device with the encrypted "
                                "data, and pass --luks-header '{}'",
                                volume.name(), volume.name()));
    if (payload.value > volume.size().value)
        throw Error(ErrorCode::corrupt,
                    fmt::format("{}: expected a payload within the {} bytes of the file, found it at byte {}; the file "
                                "was cut off, or the header belongs to another one",
                                volume.place(ByteOffset{104}), volume.size().value, payload.value));
    return payload;
}

Error secret_needed(const ByteSource& volume) {
    return crypt::secret_needed(volume, "by LUKS", ", or --format raw to take its encrypted bytes as they are");
}

std::string slots_in_use(const crypt::LuksHeader& header) {
    std::string text;
    for (std::size_t i = 0; i < header.slots.size(); ++i)
        if (header.slots[i].is_active) text += fmt::format("{}{}", text.empty() ? "" : " ", i);
    return text;
}

}  // namespace

Reader::Reader(ByteSourcePtr volume, const Options& options)
    : volume_(std::move(volume)), header_source_(options.detached_header ? options.detached_header : volume_) {
    open(options);
}

void Reader::open(const Options& options) {
    const crypt::LuksHeader header = crypt::read_luks_header(*header_source_, {{}, header_source_->size()});
    payload_ = payload_of(*volume_, header, options.detached_header != nullptr);
    const std::uint64_t bytes = volume_->size().value - payload_.value;
    info_.format = "luks";
    info_.virtual_size = ByteCount{bytes / crypt::cipher_sector_bytes * crypt::cipher_sector_bytes};
    info_.features = {header.cipher.text(), fmt::format("key slots in use: {}", slots_in_use(header))};
    info_.warnings = options.warnings;
    if (options.secret)
        cipher_.emplace(header.cipher, crypt::unlock(*header_source_, {}, header, *options.secret));
    else if (!options.is_for_facts_only)
        throw secret_needed(*volume_);
}

Extent Reader::extent_at(ByteOffset at) const {
    const ByteOffset end = ByteOffset{} + info_.virtual_size;
    VARVE_CHECK(at < end);
    return {at, end - at, ExtentKind::data};
}

void Reader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    if (!cipher_) throw secret_needed(*volume_);
    const ByteOffset place = payload_ + (at - ByteOffset{});
    bytes_read_.fetch_add(crypt::decrypted_read(*volume_, place, at, *cipher_, out).value, std::memory_order_relaxed);
}

void Reader::check_unchanged() const {
    volume_->check_unchanged();
    if (header_source_ != volume_) header_source_->check_unchanged();
}

}  // namespace varve::luks
