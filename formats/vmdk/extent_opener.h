#pragma once
/// Opens the extents that a descriptor lists: which file holds which part of the disk.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"
#include "formats/vmdk/descriptor.h"

namespace varve::vmdk {

/// A run of the disk's bytes in one extent.
struct DiskExtent {
    ByteRange range;
    std::shared_ptr<const ImageReader> reader;  ///< null: zeros, which hide a parent
    ByteOffset begin;                           ///< of the run in the reader
    bool hides_parent = false;                  ///< what the reader reports as unallocated is zero
};

/// What the extents reveal about the whole disk.
struct ExtentFacts {
    ByteCount grain_size;  ///< the largest; 0: no extent is sparse
    bool has_zero_grains = false;
    bool is_compressed = false;
};

/// Opens a file that the descriptor names, by one of the names that it may have here. May add to the warnings.
using OpenExtent = std::function<ByteSourcePtr(const std::string& name, std::vector<std::string>& warnings)>;

/// Opens the extents of one disk. For one use.
class ExtentOpener {
public:
    /// Borrows everything but the caches. `where` names the descriptor in errors.
    ExtentOpener(const std::string& where, const OpenExtent& open, std::shared_ptr<ReadCaches> caches,
                 std::vector<std::string>& warnings);

    /// Provides the sparse extent in which the descriptor is embedded, whatever the descriptor calls it.
    void put_embedded(std::shared_ptr<const ImageReader> reader) { embedded_ = std::move(reader); }

    /// Opens all extents, each file once. Throws what `open` and the extents' readers throw, and Error(corrupt) for a
    /// file shorter than its extent or an embedded descriptor with several sparse extents.
    std::vector<DiskExtent> open(const Descriptor& descriptor);

    ExtentFacts facts;

private:
    DiskExtent open_extent(const ExtentLine& extent, bool has_parent);
    std::shared_ptr<const ImageReader> open_flat(const ExtentLine& extent);
    std::shared_ptr<const ImageReader> open_sparse(const ExtentLine& extent);
    const ByteSourcePtr& open_file(const std::string& name);
    void check_length(const ExtentLine& extent, const ImageReader& reader) const;
    std::string place(const ExtentLine& extent) const;

    std::string encoding_;  // of the names
    const std::string& where_;
    const OpenExtent& open_;
    std::shared_ptr<ReadCaches> caches_;
    std::vector<std::string>& warnings_;
    std::shared_ptr<const ImageReader> embedded_;
    std::map<std::string, ByteSourcePtr> files_;
    std::map<std::string, std::shared_ptr<const ImageReader>> flat_;
    std::map<std::string, std::shared_ptr<const ImageReader>> sparse_;
};

}  // namespace varve::vmdk
