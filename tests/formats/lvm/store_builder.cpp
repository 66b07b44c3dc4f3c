#include "tests/formats/lvm/store_builder.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/base/reader_source.h"
#include "tests/fakes/steady_image.h"

namespace varve::lvm_test {
namespace {

class BytesDevice final : public fakes::SteadyImage {
public:
    BytesDevice(std::shared_ptr<const Bytes> bytes, std::uint64_t size) : bytes_(std::move(bytes)) {
        VARVE_CHECK(size <= bytes_->size());
        info_.format = "raw";
        info_.virtual_size = {size};
    }
    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override {
        VARVE_CHECK(at.value < info_.virtual_size.value);
        return {at, ByteOffset{} + info_.virtual_size - at, ExtentKind::data};
    }
    void read(ByteOffset at, ByteSpan out) const override {
        VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
        std::copy_n(bytes_->begin() + static_cast<std::ptrdiff_t>(at.value), out.size(), out.begin());
    }
    ByteCount bytes_read() const override { return {}; }

private:
    std::shared_ptr<const Bytes> bytes_;
    ImageInfo info_;
};

}  // namespace

ByteSourcePtr bytes_device(Bytes bytes) {
    const std::uint64_t size = bytes.size();
    return bytes_device(std::make_shared<Bytes>(std::move(bytes)), size);
}

ByteSourcePtr bytes_device(std::shared_ptr<const Bytes> bytes, std::uint64_t size) {
    return std::make_shared<const ReaderSource>(
        std::make_shared<BytesDevice>(std::move(bytes), size), "cow",
        [](ByteOffset at) { return fmt::format("'cow' at byte {}", at.value); });
}

StoreBuilder::StoreBuilder(std::uint64_t chunk_bytes) : chunk_bytes_(chunk_bytes) {
    grow_to(2);
    header_word(0, 0x70416e53).header_word(1, 1).header_word(2, 1);
    header_word(3, static_cast<std::uint32_t>(chunk_bytes / 512));
}

StoreBuilder& StoreBuilder::header_word(std::size_t index, std::uint32_t value) {
    store_le(ByteSpan(bytes_).subspan(4 * index), value);
    return *this;
}

StoreBuilder& StoreBuilder::chunk(std::uint64_t number, ByteView bytes) {
    grow_to(number + 1);
    std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(number * chunk_bytes_));
    return *this;
}

StoreBuilder& StoreBuilder::exception(std::uint64_t origin_chunk, std::uint64_t store_chunk) {
    const std::uint64_t area = listed_ / exceptions_per_area();
    const std::uint64_t area_chunk = 1 + area * (exceptions_per_area() + 1);
    grow_to(area_chunk + 1);
    const std::uint64_t at = area_chunk * chunk_bytes_ + listed_++ % exceptions_per_area() * 16;
    store_le(ByteSpan(bytes_).subspan(at), origin_chunk);
    store_le(ByteSpan(bytes_).subspan(at + 8), store_chunk);
    return *this;
}

std::uint64_t StoreBuilder::next_data_chunk() {
    if (next_data_ % (exceptions_per_area() + 1) == 1) ++next_data_;
    grow_to(next_data_ + 1);
    return next_data_++;
}

void StoreBuilder::grow_to(std::uint64_t chunks) { bytes_.resize(std::max(bytes_.size(), chunks * chunk_bytes_)); }

std::string store_refusal(const ByteSourcePtr& device, const lvm::SnapshotShape& shape) {
    try {
        const lvm::ExceptionStore store(device, shape);
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

}  // namespace varve::lvm_test
