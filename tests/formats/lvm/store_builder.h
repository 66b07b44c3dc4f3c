#pragma once
/// Exception stores that a kernel would never write, and the devices that they are on.

#include <memory>
#include <string>

#include "formats/lvm/exception_store.h"

namespace varve::lvm_test {

/// Bytes as a device that is all data; its places are "'cow' at byte N". The second one shows only the first `size`.
ByteSourcePtr bytes_device(Bytes bytes);
ByteSourcePtr bytes_device(std::shared_ptr<const Bytes> bytes, std::uint64_t size);

/// Grows as needed, in whole chunks.
class StoreBuilder {
public:
    explicit StoreBuilder(std::uint64_t chunk_bytes = 4096);

    /// Four 32-bit words: magic, valid, version, sectors of a chunk.
    StoreBuilder& header_word(std::size_t index, std::uint32_t value);
    StoreBuilder& chunk(std::uint64_t number, ByteView bytes);
    /// Adds an exception to the list.
    StoreBuilder& exception(std::uint64_t origin_chunk, std::uint64_t store_chunk);
    /// The next free chunk for data, in the kernel's order of allocation.
    std::uint64_t next_data_chunk();
    std::uint64_t exceptions_per_area() const { return chunk_bytes_ / 16; }
    const Bytes& bytes() const { return bytes_; }

private:
    void grow_to(std::uint64_t chunks);

    std::uint64_t chunk_bytes_;
    std::uint64_t listed_ = 0;
    std::uint64_t next_data_ = 2;
    Bytes bytes_;
};

/// The text of the Error thrown on opening; empty if none is thrown.
std::string store_refusal(const ByteSourcePtr& device, const lvm::SnapshotShape& shape);

}  // namespace varve::lvm_test
