#include "formats/vmdk/sparse_extent.h"

#include <fmt/format.h>

#include "formats/vmdk/error.h"
#include "formats/vmdk/grain_reader.h"
#include "formats/vmdk/grain_tables.h"
#include "formats/vmdk/stream_index.h"

namespace varve::vmdk {
namespace {

GrainTableShape shape_of(const SparseHeader& header) {
    return {header.grains(), header.grains_per_table, header.grain_size, header.has_zero_grains};
}

GrainCoding coding_of(const SparseHeader& header) {
    if (!header.is_compressed) return GrainCoding::plain;
    return header.has_markers ? GrainCoding::compressed_with_markers : GrainCoding::compressed;
}

/// Chooses the map to use: directory, redundant directory or markers. For one use.
class MapChoice {
public:
    MapChoice(const ByteSourcePtr& device, const SparseHeader& header, const std::shared_ptr<ReadCaches>& caches,
              std::vector<std::string>& warnings)
        : device_(device), header_(header), caches_(caches), warnings_(warnings) {}

    std::unique_ptr<GrainMap> choose() {
        if (!header_.directory) return by_markers("it has no footer");
        const DirectoryState first = inspect(*header_.directory);
        const bool is_sound = first.damage.empty();
        if (is_sound && !first.is_empty) return tables(*header_.directory);
        if (header_.redundant_directory) {
            const DirectoryState second = inspect(*header_.redundant_directory);
            if (second.damage.empty() && (!is_sound || !second.is_empty)) return by_redundant(first);
        }
        if (!is_sound && coding_of(header_) == GrainCoding::compressed_with_markers) return by_markers(first.damage);
        return tables(*header_.directory);  // its undamaged part can be read
    }

private:
    DirectoryState inspect(ByteOffset directory) const {
        return GrainTables::inspect(device_, directory, shape_of(header_), caches_);
    }

    std::unique_ptr<GrainMap> tables(ByteOffset directory) const {
        return std::make_unique<GrainTables>(device_, directory, shape_of(header_), caches_);
    }

    std::unique_ptr<GrainMap> by_redundant(const DirectoryState& first) {
        warnings_.push_back(fmt::format("{}: the grain directory is damaged ({}); the redundant one was read instead",
                                        device_->place({}), first.damage.empty() ? "it is empty" : first.damage));
        return tables(*header_.redundant_directory);
    }

    std::unique_ptr<GrainMap> by_markers(const std::string& problem) {
        if (coding_of(header_) != GrainCoding::compressed_with_markers)
            throw corrupt(device_->place({}), fmt::format("no grain directory is readable: {}", problem));
        auto index = std::make_unique<StreamIndex>(device_, header_);
        warnings_.push_back(
            fmt::format("{}: no grain directory is readable ({}); the stream's markers were used instead",
                        device_->place({}), problem));
        return index;
    }

    const ByteSourcePtr& device_;
    const SparseHeader& header_;
    const std::shared_ptr<ReadCaches>& caches_;
    std::vector<std::string>& warnings_;
};

/// The footer has the directory's place; everything else must be the same in both.
void check_footer(const ByteSourcePtr& device, const SparseHeader& header, const SparseHeader& footer) {
    const bool is_same = footer.capacity == header.capacity && footer.grain_size == header.grain_size &&
                         footer.grains_per_table == header.grains_per_table && coding_of(footer) == coding_of(header);
    if (!is_same)
        throw corrupt(device->place({}),
                      fmt::format("header and footer differ: {} and {} bytes, in grains of {} and {} bytes",
                                  header.capacity.value, footer.capacity.value, header.grain_size.value,
                                  footer.grain_size.value));
}

}  // namespace

SparseExtent open_sparse_extent(const ByteSourcePtr& device, const SparseHeader& header,
                                const std::shared_ptr<ReadCaches>& caches, std::vector<std::string>& warnings) {
    SparseExtent extent{header, nullptr};
    if (!header.directory) {
        if (const auto footer = find_footer(device)) {
            check_footer(device, header, *footer);
            extent.header.directory = footer->directory;
        }
    }
    if (header.is_unclean)
        warnings.push_back(fmt::format("{}: it was not closed cleanly; it was read as it is", device->place({})));
    auto map = MapChoice(device, extent.header, caches, warnings).choose();
    const GrainLayout layout{header.capacity, header.grain_size, coding_of(header)};
    extent.reader = std::make_unique<GrainReader>(device, layout, std::move(map), caches);
    return extent;
}

std::string read_embedded_descriptor(const ByteSourcePtr& device, const SparseHeader& header) {
    const ByteRange place = *header.descriptor;
    const std::uint64_t size = device->size().value;
    if (place.begin.value > size || place.length.value > size - place.begin.value)
        throw corrupt(device->place(place.begin),
                      fmt::format("expected the descriptor of {} bytes here, found the end of the file at {}",
                                  place.length.value, size));
    std::string text(static_cast<std::size_t>(place.length.value), '\0');
    device->read_at(place.begin, std::as_writable_bytes(std::span(text.data(), text.size())));
    return text;
}

}  // namespace varve::vmdk
