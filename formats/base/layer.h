#pragma once
/// One file of a chain: what its format is given to open it, and what it returns.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/base/backing_search.h"
#include "formats/base/block_cache.h"

namespace varve {

/// One file of a chain, to be opened.
struct LayerRequest {
    bool is_top = false;
    std::optional<std::string> snapshot;  ///< an internal snapshot's name or "id:N"; of the top layer only
    std::vector<std::string> warnings;    ///< sentences about how its format was decided
    std::shared_ptr<ReadCaches> caches;   ///< shared by the chain
    /// Opens a file whose guest data the image names as its own, under the rules for names inside images. May add to
    /// the warnings.
    std::function<ByteSourcePtr(const std::string& name, std::vector<std::string>& warnings)> open_data_file;
    /// Opens a file that holds a part of the image's guest data, under the same rules. A name that was opened before
    /// in this image must not be asked for again.
    std::function<ByteSourcePtr(const std::string& name, std::vector<std::string>& warnings)> open_extent;
};

/// The layer, with the name of the next.
struct Layer {
    std::unique_ptr<ImageReader> reader;
    std::optional<std::string> backing_name;
    /// Looked for, in this order, where backing_name leads to nothing that may be opened: an image that was copied here
    /// may still name its backing file as it was called elsewhere.
    std::vector<std::string> backing_names_elsewhere = {};
    std::optional<std::string> backing_format;  ///< as the image records it
    /// What the content of an image is called, in each way that images above may record it: a VMDK's CID, and the UUID
    /// of a VDI, or of a VMDK that VirtualBox knows. None in formats that have no such thing. Trusted text.
    std::vector<std::string> content_ids = {};
    /// One of the content_ids that the image wants its backing file to have; empty: it records none. A backing file
    /// without it is refused.
    std::string backing_content_id;
    /// For an image that records no name: how to find its backing file. Without it and a name there is none.
    std::optional<BackingSearch> backing_search;
};

}  // namespace varve
