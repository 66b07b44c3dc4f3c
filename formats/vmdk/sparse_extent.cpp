#include "formats/vmdk/sparse_extent.h"

#include <fmt/format.h>

#include "formats/vmdk/error.h"
#include "formats/vmdk/grain_reader.h"
#include "formats/vmdk/grain_tables.h"
#include "formats/vmdk/stream_index.h"
#include "formats/vmdk/twin_tables.h"

namespace varve::vmdk {
namespace {

GrainTableShape shape_of(const SparseHeader& header) {
    return {header.grains(), header.grains_per_table, header.grain_size, header.has_zero_grains};
}

GrainCoding coding_of(const SparseHeader& header) {
    if (!header.is_compressed) return GrainCoding::plain;
    return header.has_markers ? GrainCoding::compressed_with_markers : GrainCoding::compressed;
}

/// Chooses the map to use: by the directory, by its copy, by both, or by the markers. For one use.
class MapChoice {
public:
    MapChoice(const ByteSourcePtr& device, const SparseHeader& header, const std::shared_ptr<ReadCaches>& caches,
              std::vector<std::string>& warnings)
        : device_(device), header_(header), caches_(caches), warnings_(warnings) {}

    std::unique_ptr<GrainMap> choose() {
        if (!header_.directory) return by_markers("it has no footer");
        if (header_.redundant_directory) return choose_of_two();
        const DirectoryState state = inspect(*header_.directory);
        if (!state.damage.empty() && is_stream()) return by_markers(state.damage);
        return tables(*header_.directory);  // its undamaged part can be read
    }

private:
    bool is_stream() const { return coding_of(header_) == GrainCoding::compressed_with_markers; }

    bool is_inside(ByteOffset directory) const {
        const std::uint64_t size = device_->size().value;
        return directory.value <= size && header_.tables() * grain_entry_bytes <= size - directory.value;
    }

    DirectoryState inspect(ByteOffset directory) const {
        return GrainTables::inspect(device_, directory, shape_of(header_), caches_);
    }

    std::unique_ptr<GrainMap> tables(ByteOffset directory) const {
        return std::make_unique<GrainTables>(device_, directory, shape_of(header_), caches_);
    }

    std::unique_ptr<GrainMap> choose_of_two() {
        const bool is_second_inside = is_inside(*header_.redundant_directory);
        if (is_second_inside && is_inside(*header_.directory)) return by_both();
        const DirectoryState first = inspect(*header_.directory);
        if (is_second_inside) {
            warn(fmt::format("the grain directory is damaged ({}); the redundant one was read instead", first.damage));
            return tables(*header_.redundant_directory);
        }
        if (!first.damage.empty() && is_stream()) return by_markers(first.damage);
        warn("the redundant grain directory is outside the file; only the first was read");
        return tables(*header_.directory);
    }

    std::unique_ptr<GrainMap> by_both() {
        const TwinDirectories directories{*header_.directory, *header_.redundant_directory, header_.data_begin};
        auto both = std::make_unique<TwinTables>(device_, directories, shape_of(header_), caches_);
        const DirectoryComparison found = both->compare_directories();
        if (found.neither != 0 && is_stream()) return by_markers("both are damaged");
        const std::uint64_t all = header_.tables();
        if (found.only_second != 0)
            warn(
                fmt::format("the grain directory is damaged ({} of {} entries, the first: {}); for these the "
                            "redundant one was read instead",
                            found.only_second, all, found.at));
        if (found.only_first != 0)
            warn(
                fmt::format("the redundant grain directory is damaged ({} of {} entries, the first: {}); for these "
                            "only the first one was read",
                            found.only_first, all, found.at));
        return both;
    }

    void warn(std::string_view what) { warnings_.push_back(fmt::format("{}: {}", device_->place({}), what)); }

    std::unique_ptr<GrainMap> by_markers(const std::string& problem) {
        if (!is_stream()) throw corrupt(device_->place({}), fmt::format("no grain directory is readable: {}", problem));
        auto index = std::make_unique<StreamIndex>(device_, header_);
        warn(fmt::format("no grain directory is readable ({}); the stream's markers were used instead", problem));
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
