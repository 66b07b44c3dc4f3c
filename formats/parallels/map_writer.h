#pragma once
/// Writes the table of clusters of a new image, page by page as the clusters come, so that memory does not grow with
/// the disk. Borrows the output; one thread at a time.

#include <cstdint>

#include "formats/output/output.h"
#include "formats/parallels/header.h"

namespace varve::parallels {

class MapWriter {
public:
    /// The table is that of `header`.
    MapWriter(Output& output, const Header& header);

    /// The place of `cluster` in the file, in clusters. Clusters ascend from call to call; skipped ones are not
    /// allocated.
    void set(std::uint64_t cluster, std::uint32_t place);

    /// Writes the rest; all clusters after the last are not allocated.
    void finish();

private:
    void append(std::uint32_t entry);
    void flush();

    Output& output_;
    ByteOffset next_page_;
    std::uint64_t next_cluster_ = 0;
    std::uint32_t clusters_;
    Bytes page_;
};

}  // namespace varve::parallels
