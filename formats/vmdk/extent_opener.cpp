#include "formats/vmdk/extent_opener.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "formats/raw/reader.h"
#include "formats/vmdk/cowd.h"
#include "formats/vmdk/error.h"
#include "formats/vmdk/magic.h"
#include "formats/vmdk/recorded_name.h"
#include "formats/vmdk/sesparse.h"
#include "formats/vmdk/sparse_extent.h"

namespace varve::vmdk {

ExtentOpener::ExtentOpener(const std::string& where, const OpenExtent& open, std::shared_ptr<ReadCaches> caches,
                           std::vector<std::string>& warnings)
    : where_(where), open_(open), caches_(std::move(caches)), warnings_(warnings) {}

std::string ExtentOpener::place(const ExtentLine& extent) const {
    return fmt::format("descriptor of {}, line {}", where_, extent.line);
}

std::vector<DiskExtent> ExtentOpener::open(const Descriptor& descriptor) {
    const auto is_sparse = [](const ExtentLine& extent) { return extent.storage == ExtentStorage::sparse; };
    if (embedded_ && std::ranges::count_if(descriptor.extents, is_sparse) != 1)
        throw corrupt(fmt::format("descriptor of {}", where_),
                      "expected one sparse extent, the file that holds the descriptor, found none or several");
    encoding_ = descriptor.encoding;
    std::vector<DiskExtent> parts;
    ByteOffset at;
    for (const ExtentLine& extent : descriptor.extents) {
        if (extent.length.value == 0) continue;
        DiskExtent part = open_extent(extent, descriptor.parent_content_id.has_value());
        part.range = {at, extent.length};
        at += extent.length;
        parts.push_back(std::move(part));
    }
    return parts;
}

DiskExtent ExtentOpener::open_extent(const ExtentLine& extent, bool has_parent) {
    if (extent.access == ExtentAccess::no_access)
        warnings_.push_back(fmt::format("{}: {} bytes of the disk are marked NOACCESS and read as zeros", place(extent),
                                        extent.length.value));
    if (extent.access == ExtentAccess::no_access || extent.storage == ExtentStorage::zero) return {};
    DiskExtent part;
    if (extent.storage == ExtentStorage::sparse) {
        part.reader = embedded_ ? embedded_ : open_sparse(extent);
    } else {
        part.reader = open_flat(extent);
        part.begin = extent.file_begin;
        part.hides_parent = has_parent;
    }
    check_length(extent, *part.reader);
    return part;
}

void ExtentOpener::check_length(const ExtentLine& extent, const ImageReader& reader) const {
    const std::uint64_t size = reader.info().virtual_size.value;
    if (extent.file_begin.value <= size && extent.length.value <= size - extent.file_begin.value) return;
    throw corrupt(place(extent), fmt::format("expected {} bytes from {} on in the extent '{}', found {} in total",
                                             extent.length.value, extent.file_begin.value, extent.file, size));
}

const ByteSourcePtr& ExtentOpener::open_file(const std::string& name) {
    const auto known = files_.find(name);
    if (known != files_.end()) return known->second;
    std::optional<Error> first_problem;
    for (const std::string& here : names_here(name, encoding_)) {
        try {
            return files_.emplace(name, open_(here, warnings_)).first->second;
        } catch (const Error& error) {
            if (error.code() == ErrorCode::cancelled) throw;
            if (!first_problem) first_problem = error;
        }
    }
    throw *first_problem;
}

std::shared_ptr<const ImageReader> ExtentOpener::open_flat(const ExtentLine& extent) {
    auto& reader = flat_[extent.file];
    if (!reader) reader = std::make_shared<const raw::Reader>(open_file(extent.file));
    return reader;
}

std::shared_ptr<const ImageReader> ExtentOpener::open_sparse(const ExtentLine& extent) {
    if (const auto known = sparse_.find(extent.file); known != sparse_.end()) return known->second;
    const ByteSourcePtr& device = open_file(extent.file);
    std::shared_ptr<const ImageReader> reader;
    switch (magic_of(device)) {
        case Magic::hosted: {
            SparseExtent opened = open_sparse_extent(device, read_sparse_header(device, {}), caches_, warnings_);
            facts.has_zero_grains |= opened.header.has_zero_grains;
            facts.is_compressed |= opened.header.is_compressed;
            reader = std::move(opened.reader);
            break;
        }
        case Magic::cowd:
            reader = open_cowd(device, caches_).reader;
            break;
        case Magic::sesparse:
            reader = open_sesparse(device, caches_);
            break;
        case Magic::none:
            throw corrupt(device->place({}),
                          "expected the magic of a sparse extent (KDMV, COWD or CAFEBABE), found "
                          "none");
    }
    facts.grain_size = std::max(facts.grain_size, reader->info().cluster_size);
    return sparse_.emplace(extent.file, std::move(reader)).first->second;
}

}  // namespace varve::vmdk
