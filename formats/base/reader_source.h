#pragma once
/// The guest bytes of an image as a source. Whatever is read from a disk (a volume group, an image inside a logical
/// volume) can thus be read from a disk that is itself an image.

#include <functional>

#include "engine/image/image_reader.h"
#include "formats/base/byte_source.h"

namespace varve {

class ReaderSource final : public ByteSource {
public:
    /// Where a byte is, for messages. Safe from many threads.
    using Place = std::function<std::string(ByteOffset)>;

    /// `name` is also the identity and must be unique in the chain. Without `place`, messages give a byte's offset in
    /// `name`.
    ReaderSource(std::shared_ptr<const ImageReader> reader, std::string name, Place place = {})
        : reader_(std::move(reader)), name_(std::move(name)), place_(std::move(place)) {}

    const std::string& name() const override { return name_; }
    std::string place(ByteOffset at) const override { return place_ ? place_(at) : place_in(name_, at); }
    ByteCount size() const override { return reader_->info().virtual_size; }
    void read_at(ByteOffset at, ByteSpan out) const override;
    Extent extent_at(ByteOffset at) const override { return reader_->extent_at(at); }
    void check_unchanged() const override { reader_->check_unchanged(); }
    std::vector<std::string> late_warnings() const override { return reader_->late_warnings(); }
    SourceIdentity identity() const override { return {{}, {}, name_}; }
    const File* file() const override { return nullptr; }

    const ImageReader& reader() const { return *reader_; }

private:
    std::shared_ptr<const ImageReader> reader_;
    std::string name_;
    Place place_;
};

}  // namespace varve
