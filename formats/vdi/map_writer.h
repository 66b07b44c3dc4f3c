#pragma once
/// Writes the block map of a new VDI image page by page, in guest order, so that memory does not grow with the disk.
/// Borrows the output; one thread at a time.

#include <cstdint>

#include "formats/output/output.h"
#include "formats/vdi/header.h"

namespace varve::vdi {

class MapWriter {
public:
    /// The map lies at `place` of the output and has `blocks` entries.
    MapWriter(Output& output, ByteOffset place, std::uint32_t blocks);

    /// `block` lies at `position` in the row of blocks with data. Blocks ascend from call to call; what is passed over
    /// is free.
    void set_data(std::uint64_t block, std::uint32_t position) { set(block, position); }
    void set_zero(std::uint64_t block) { set(block, block_zero); }

    /// Writes what is left; all blocks after the last are free.
    void finish();

private:
    void set(std::uint64_t block, std::uint32_t entry);
    void append(std::uint32_t entry);
    void flush();

    Output& output_;
    ByteOffset next_page_;
    std::uint64_t next_block_ = 0;
    std::uint32_t blocks_;
    Bytes page_;
};

}  // namespace varve::vdi
