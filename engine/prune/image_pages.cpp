#include "engine/prune/image_pages.h"

#include <algorithm>

#include "engine/image/extent_walk.h"
#include "engine/prune/whole_chunk.h"

namespace varve {
namespace {

/// The leaves [first, first + count) as bytes of a disk of this size.
ByteRange range_of_leaves(std::uint64_t first, std::uint64_t count, ByteCount disk) {
    const std::uint64_t begin = std::min(first * leaf_bytes, disk.value);
    const std::uint64_t end = std::min((first + count) * leaf_bytes, disk.value);
    return {{begin}, {end - begin}};
}

class ImageAssembly {
public:
    ImageAssembly(const ImageReader& image, PageAssembly& assembly, Progress& progress, const std::stop_token& stop)
        : image_(image), assembly_(assembly), progress_(progress), stop_(stop) {}

    /// nullopt: the repository lacks a chunk.
    std::optional<AssembledSubtree> subtree(int level, std::uint64_t first_leaf);

private:
    std::optional<MapKind> uniform_kind(int level, std::uint64_t first_leaf) const;
    void advance(int level, std::uint64_t first_leaf);
    std::optional<AssembledSubtree> leaf(std::uint64_t leaf);
    std::optional<AssembledSubtree> inner(int level, std::uint64_t first_leaf);

    const ImageReader& image_;
    PageAssembly& assembly_;
    Progress& progress_;
    const std::stop_token& stop_;
    ByteCount done_;
};

std::optional<AssembledSubtree> ImageAssembly::subtree(int level, std::uint64_t first_leaf) {
    throw_if_stopped(stop_);
    if (level < map_root_level)
        if (const auto kind = uniform_kind(level, first_leaf)) {
            advance(level, first_leaf);
            return AssembledSubtree{{*kind, {}, {}}};
        }
    return level == 0 ? leaf(first_leaf) : inner(level, first_leaf);
}

/// By the allocation map alone. Past the disk's end all is unallocated.
std::optional<MapKind> ImageAssembly::uniform_kind(int level, std::uint64_t first_leaf) const {
    const std::uint64_t leaves = leaves_per_entry(level + 1);
    const ByteRange range = range_of_leaves(first_leaf, leaves, image_.info().virtual_size);
    std::optional<ExtentKind> kind;
    if (range.length.value < leaves * leaf_bytes) kind = ExtentKind::unallocated;
    bool is_uniform = true;
    for_each_extent(image_, range, [&](const Extent& extent) {
        is_uniform = extent.kind != ExtentKind::data && kind.value_or(extent.kind) == extent.kind;
        kind = extent.kind;
        return is_uniform;
    });
    if (!is_uniform) return std::nullopt;
    return kind == ExtentKind::zero ? MapKind::zero : MapKind::unallocated;
}

void ImageAssembly::advance(int level, std::uint64_t first_leaf) {
    done_ += range_of_leaves(first_leaf, leaves_per_entry(level + 1), image_.info().virtual_size).length;
    progress_.advance(done_);
}

std::optional<AssembledSubtree> ImageAssembly::leaf(std::uint64_t leaf) {
    LeafContent content;
    for (std::size_t i = 0; i < map_fanout; ++i) {
        const WholeChunk chunk = read_whole_chunk(image_, {leaf * map_fanout + i});
        content.kinds[i] = chunk.kind;
        if (chunk.kind == MapKind::present) content.ids[i] = sha256(chunk.bytes);
    }
    advance(0, leaf);
    return assembly_.leaf(content);
}

std::optional<AssembledSubtree> ImageAssembly::inner(int level, std::uint64_t first_leaf) {
    std::array<AssembledSubtree, map_fanout> children;
    for (std::size_t i = 0; i < map_fanout; ++i) {
        auto child = subtree(level - 1, first_leaf + i * leaves_per_entry(level));
        if (!child) return std::nullopt;
        children[i] = std::move(*child);
    }
    return assembly_.inner(level, children);
}

/// The ranges of leaves below `lost`, each leaf in one of them: a page covers those below it, whichever night's.
std::vector<LostPage> without_covered(std::vector<LostPage> lost) {
    std::ranges::sort(lost, [](const LostPage& a, const LostPage& b) {
        return a.first_leaf != b.first_leaf ? a.first_leaf < b.first_leaf : a.level > b.level;
    });
    std::uint64_t end = 0;
    std::erase_if(lost, [&](const LostPage& page) {
        if (page.first_leaf < end) return true;
        end = page.first_leaf + leaves_per_entry(page.level + 1);
        return false;
    });
    return lost;
}

}  // namespace

void ImagePages::assemble(const std::vector<LostPage>& lost, PageAssembly& assembly,
                          const std::stop_token& stop) const {
    const std::vector<LostPage> places = without_covered(lost);
    ByteCount bytes;
    for (const LostPage& page : places)
        bytes += range_of_leaves(page.first_leaf, leaves_per_entry(page.level + 1), image_.info().virtual_size).length;
    progress_.begin("reading what lost map pages cover", bytes);
    ImageAssembly run(image_, assembly, progress_, stop);
    for (const LostPage& page : places) run.subtree(page.level, page.first_leaf);
}

}  // namespace varve
