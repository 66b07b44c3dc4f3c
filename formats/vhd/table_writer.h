#pragma once
/// Writes the block table of a new VHD page by page, in guest order, so that memory does not grow with the disk.
/// Borrows the output; one thread at a time.

#include <cstdint>

#include "formats/output/output.h"

namespace varve::vhd {

class TableWriter {
public:
    /// The table is at `place` of the output and has `entries`; whole sectors of it are written.
    TableWriter(Output& output, ByteOffset place, std::uint32_t entries);

    /// `block` is at `sector` of the file. Blocks ascend from call to call; skipped blocks are absent.
    void set(std::uint64_t block, std::uint32_t sector);

    /// Writes the rest; all blocks after the last are absent.
    void finish();

private:
    void append(std::uint32_t entry);
    void flush();

    Output& output_;
    ByteOffset next_page_;
    std::uint64_t next_block_ = 0;
    std::uint64_t entries_;  ///< up to the end of a sector
    Bytes page_;
};

}  // namespace varve::vhd
