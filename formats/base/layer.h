#pragma once
/// One file of a chain: what its format receives to open it, and what it returns.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/base/backing_search.h"
#include "formats/base/block_cache.h"

namespace varve {

namespace crypt {
class SecretFile;
}

/// One file of a chain, to be opened.
struct LayerRequest {
    bool is_top = false;
    std::optional<std::string> snapshot;  ///< an internal snapshot's name or "id:N"; only for the top layer
    std::vector<std::string> warnings;    ///< sentences about how its format was decided
    std::shared_ptr<ReadCaches> caches;   ///< shared by the chain
    /// Opens the file that the image names as its data file, under the rules for names inside images. May add to the
    /// warnings.
    std::function<ByteSourcePtr(const std::string& name, std::vector<std::string>& warnings)> open_data_file;
    /// Opens a file that holds a part of the image's guest data, under the same rules. Must not be called twice with
    /// the same name in one image.
    std::function<ByteSourcePtr(const std::string& name, std::vector<std::string>& warnings)> open_extent;
    /// The names, for open_extent, of the files that continue the raw disk of which this file is the first piece.
    std::vector<std::string> more_pieces = {};
    std::shared_ptr<const crypt::SecretFile> secret = {};  ///< for an encrypted image; null: none was given
    ByteSourcePtr luks_header = {};                        ///< a detached LUKS header for the top layer; null: none
    bool is_for_facts_only = false;  ///< an encrypted image opens without its secret, and cannot be read
};

/// The layer, with the name of its backing file.
struct Layer {
    std::unique_ptr<ImageReader> reader;
    std::optional<std::string> backing_name;
    /// Tried in this order if backing_name leads to nothing that may be opened: an image that was copied here may still
    /// record the name that its backing file had elsewhere.
    std::vector<std::string> backing_names_elsewhere = {};
    std::optional<std::string> backing_format;  ///< as the image records it
    /// The ids by which images above may refer to this image's content: a VMDK's CID, and the UUID of a VDI, or of a
    /// VMDK that VirtualBox has used. None in formats without such ids. Trusted text.
    std::vector<std::string> content_ids = {};
    /// The one of its content_ids that the backing file must have, or it is refused; empty if the image records none.
    std::string backing_content_id;
    /// For an image that records no name: how to find its backing file. With neither, it has none.
    std::optional<BackingSearch> backing_search;
};

}  // namespace varve
