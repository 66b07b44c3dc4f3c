#pragma once
/// What the Parallels fuzz target does with one input. A test of tests/formats runs the corpus through it.

#include "formats/parallels/described_disk.h"
#include "formats/parallels/disk_descriptor.h"
#include "formats/parallels/reader.h"
#include "tests/fuzz/qcow2_walk.h"

namespace varve::fuzz {

/// A disk of 32 sectors in clusters of 4 KiB, of which it holds the first.
inline Bytes small_parallels_image() {
    parallels::Header header;
    header.virtual_size = ByteCount{32 * 512};
    header.cluster_size = kib(4);
    header.entries = 4;
    header.data_sector = 8;
    Bytes image = parallels::encode_header(header);
    image.resize(8192, std::byte{'x'});
    store_le<std::uint32_t>(ByteSpan(image).subspan(64), 1);
    return image;
}

/// Opens the input as a descriptor, all of whose files are one small image, or as an image, and walks the disk from its
/// beginning and near its end. May throw nothing but Error.
inline void open_walk_read_parallels(ByteView input) {
    try {
        std::unique_ptr<ImageReader> reader;
        if (parallels::is_disk_descriptor(text_of(input))) {
            LayerRequest request{true, std::nullopt, {}, std::make_shared<ReadCaches>(), {}, {}};
            const Bytes image = small_parallels_image();
            request.open_extent = [&](const std::string&, std::vector<std::string>&) { return memory_source(image); };
            reader = parallels::open_described_disk(memory_source(input), request);
        } else {
            reader = std::make_unique<parallels::Reader>(memory_source(input), std::vector<std::string>(),
                                                         std::make_shared<ReadCaches>());
        }
        walk(*reader, ByteOffset{});
        const std::uint64_t size = reader->info().virtual_size.value;
        if (size > (1 << 20)) walk(*reader, ByteOffset{size - (1 << 20) + 1});
    } catch (const Error&) {
    }
}

}  // namespace varve::fuzz
