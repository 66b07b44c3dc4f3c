#pragma once
/// Writes the block map of a new VDI image page by page, in guest order, so that memory does not grow with the disk.
/// Borrows the output; one thread at a time.

#include <cstdint>

#include "formats/output/output.h"
#include "formats/vdi/header.h"

namespace varve::vdi {

class MapWriter {
public:
    /// The map is at `place` of the output and has `blocks` entries.
    MapWriter(Output& output, ByteOffset place, std::uint32_t blocks);

    /// `block` is number `position` among the blocks with data. Blocks ascend from call to call; skipped blocks are
    /// free.
    void set_data(std::uint64_t block, std::uint32_t position) { set(block, position); }
    void set_zero(std::uint64_t block) { set(block, block_zero); }

    /// Writes the rest; all blocks after the last are free.
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
