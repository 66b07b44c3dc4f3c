#pragma once
/// Bytes that hold on-disk structures of several layers (a physical volume, a hidden logical volume), with a way to say
/// in an error text where a byte really lies.

#include <functional>
#include <memory>
#include <string>

#include "engine/image/image_reader.h"

namespace varve {

struct NamedDevice {
    std::shared_ptr<const ImageReader> bytes;
    /// "'p0.raw' at byte 4096", and through which volume, if any. Safe from many threads.
    std::function<std::string(ByteOffset)> place;

    ByteCount size() const { return bytes->info().virtual_size; }
};

}  // namespace varve
