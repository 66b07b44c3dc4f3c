#pragma once
/// VMDK images as read by libvmdk of the libyal project: a second reader, which shares nothing with varve or qemu.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/bytes.h"

namespace varve::reader_test {

class LibvmdkDisk {
public:
    /// `chain`: the image, then what it is based on, each with the files that it names. Throws std::runtime_error with
    /// libvmdk's messages, the cause first.
    explicit LibvmdkDisk(const std::vector<std::string>& chain);
    ~LibvmdkDisk();
    LibvmdkDisk(const LibvmdkDisk&) = delete;
    LibvmdkDisk& operator=(const LibvmdkDisk&) = delete;

    std::uint64_t size() const;
    /// `length` bytes from `at` on, inside the disk. Throws as the constructor does.
    Bytes read(std::uint64_t at, std::size_t length) const;
    Bytes read_all() const { return read(0, static_cast<std::size_t>(size())); }

private:
    struct Handle;
    std::vector<std::unique_ptr<Handle>> handles_;  ///< of the chain; the image is last
};

}  // namespace varve::reader_test
