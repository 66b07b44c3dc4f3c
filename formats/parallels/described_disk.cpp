#include "formats/parallels/described_disk.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/hex.h"
#include "formats/base/foreign_name.h"
#include "formats/base/split_reader.h"
#include "formats/chain/layered_reader.h"
#include "formats/parallels/disk_descriptor.h"
#include "formats/parallels/disk_states.h"
#include "formats/parallels/reader.h"

#include "formats/raw/reader.h"

namespace varve::parallels {
namespace {

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }  // npos + 1 is 0

/// When the file was last written; 0 if the bytes do not come from one file.
std::int64_t time_written(const ByteSource& source) {
    struct stat status {};
    if (source.file() == nullptr || ::fstat(source.file()->fd(), &status) != 0) return 0;
    return status.st_mtim.tv_sec * std::int64_t{1'000'000'000} + status.st_mtim.tv_nsec;
}

/// One disk. For one use.
class DiskOpener {
public:
    DiskOpener(ByteSourcePtr source, LayerRequest& request)
        : source_(std::move(source)),
          request_(request),
          where_(source_->place({})),
          disk_(read_disk_descriptor(*source_)),
          state_(select_state(disk_, request.snapshot, where_)) {}

    std::unique_ptr<ImageReader> open() {
        std::vector<DiskPart> parts;
        for (const Storage& storage : disk_.storages) parts.push_back(open_part(storage));
        list_snapshots();
        return std::make_unique<SplitReader>(std::move(parts), describe(), std::vector{source_});
    }

private:
    const DescribedImage& image_of(const Storage& storage, const Uuid& state) const;
    DiskPart open_part(const Storage& storage);
    std::unique_ptr<ImageReader> open_image(const DescribedImage& image, bool is_base);
    void check_length(const Storage& storage, const DescribedImage& image, const ImageReader& reader) const;
    ByteSourcePtr open_named(const std::string& recorded, std::vector<std::string>& warnings) const;
    ByteSourcePtr open_file(const DescribedImage& image, std::vector<std::string>& warnings);
    void list_snapshots();
    ImageInfo describe();

    ByteSourcePtr source_;
    LayerRequest& request_;
    std::string where_;
    DiskDescriptor disk_;
    Uuid state_;
    std::map<Uuid, std::int64_t> times_;  ///< of the states whose first image was opened
    std::string identity_;                ///< of the images that were opened for the disk
    ByteCount cluster_size_;              ///< the largest
    std::vector<std::string> warnings_;
    std::vector<ImageSnapshot> snapshots_;
    std::vector<ImageBitmap> bitmaps_;  ///< those of the uppermost image of an undivided disk
};

const DescribedImage& DiskOpener::image_of(const Storage& storage, const Uuid& state) const {
    const auto found = std::ranges::find(storage.images, state, &DescribedImage::guid);
    if (found != storage.images.end()) return *found;
    throw corrupt_descriptor(where_, fmt::format("expected an Image with the GUID {} in the part from sector {} on, "
                                                 "found none",
                                                 state.text(), storage.range.begin.value / sector.value));
}

/// By the first of the names that the file may have here; an error is about the first one.
ByteSourcePtr DiskOpener::open_named(const std::string& recorded, std::vector<std::string>& warnings) const {
    std::optional<Error> first_problem;
    for (const std::string& name : names_here(recorded)) {
        try {
            return request_.open_extent(name, warnings);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::cancelled) throw;
            if (!first_problem) first_problem = error;
        }
    }
    throw *first_problem;
}

ByteSourcePtr DiskOpener::open_file(const DescribedImage& image, std::vector<std::string>& warnings) {
    ByteSourcePtr file = open_named(image.file, warnings);
    const std::int64_t time = time_written(*file);
    std::int64_t& known = times_[image.guid];
    known = std::max(known, time);
    return file;
}

std::unique_ptr<ImageReader> DiskOpener::open_image(const DescribedImage& image, bool is_base) {
    std::vector<std::string> warnings;
    ByteSourcePtr file = open_file(image, warnings);
    identity_ +=
        fmt::format("{} {} {} {}\n", image.guid.text(), last_part(image.file), file->size().value, time_written(*file));
    if (image.is_plain) {
        if (!is_base)
            throw corrupt_descriptor(where_, fmt::format("the image {} is based on another, but Plain: expected "
                                                         "Compressed, the type of all that are",
                                                         image.guid.text()));
        return std::make_unique<raw::Reader>(std::move(file), std::move(warnings));
    }
    auto reader = std::make_unique<Reader>(std::move(file), std::move(warnings), request_.caches);
    cluster_size_ = std::max(cluster_size_, reader->info().cluster_size);
    return reader;
}

/// An earlier state may be of a smaller disk.
void DiskOpener::check_length(const Storage& storage, const DescribedImage& image, const ImageReader& reader) const {
    if (state_ != disk_.top || reader.info().virtual_size >= storage.range.length) return;
    throw corrupt_descriptor(where_, fmt::format("expected {} bytes from sector {} on in the image '{}', found {}",
                                                 storage.range.length.value, storage.range.begin.value / sector.value,
                                                 image.file, reader.info().virtual_size.value));
}

DiskPart DiskOpener::open_part(const Storage& storage) {
    const std::vector<Uuid> states = states_beneath(disk_, state_, where_);
    std::unique_ptr<ImageReader> stack;
    for (std::size_t i = states.size(); i-- > 0;) {
        const DescribedImage& image = image_of(storage, states[i]);
        std::unique_ptr<ImageReader> reader = open_image(image, i + 1 == states.size());
        if (i == 0) {
            check_length(storage, image, *reader);
            if (disk_.storages.size() == 1) bitmaps_ = reader->info().bitmaps;
        }
        stack = stack ? std::make_unique<LayeredReader>(std::move(reader), std::move(stack)) : std::move(reader);
    }
    return {storage.range, std::move(stack)};
}

/// A state of another branch has its image opened for its time alone: a backup records when a snapshot was taken.
void DiskOpener::list_snapshots() {
    for (const Shot& shot : disk_.shots) {
        if (shot.guid == disk_.top) continue;
        try {
            if (!times_.contains(shot.guid) && !disk_.storages.empty())
                open_file(image_of(disk_.storages.front(), shot.guid), warnings_);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::cancelled) throw;
            warnings_.push_back(
                fmt::format("{}: the snapshot {} was left out: {}", where_, shot.guid.text(), error.what()));
            continue;
        }
        snapshots_.push_back({shot.guid.text(), shot.guid.text(), disk_.size, times_[shot.guid]});
    }
}

ImageInfo DiskOpener::describe() {
    ImageInfo info;
    info.format = "parallels";
    info.virtual_size = disk_.size;
    info.cluster_size = cluster_size_;
    if (disk_.storages.size() > 1) info.features.emplace_back("split");
    info.snapshots = std::move(snapshots_);
    info.bitmaps = std::move(bitmaps_);
    info.warnings = std::move(request_.warnings);
    info.warnings.insert(info.warnings.end(), warnings_.begin(), warnings_.end());
    if (state_ != disk_.top) info.state = to_hex(sha256(bytes_of("varve parallels state\n" + identity_)).bytes);
    return info;
}

/// The descriptor in the folder of an image, if there is one that can be read.
std::optional<DiskDescriptor> descriptor_beside(const LayerRequest& request) {
    try {
        std::vector<std::string> warnings;
        return read_disk_descriptor(*request.open_extent(std::string(descriptor_name), warnings));
    } catch (const Error& error) {
        if (error.code() == ErrorCode::cancelled) throw;
        return std::nullopt;
    }
}

}  // namespace

std::unique_ptr<ImageReader> open_described_disk(ByteSourcePtr source, LayerRequest& request) {
    return DiskOpener(std::move(source), request).open();
}

std::optional<std::string> doubt_about_lone_image(const ByteSource& image, const LayerRequest& request) {
    const auto disk = descriptor_beside(request);
    if (!disk) return std::nullopt;
    for (const Storage& storage : disk->storages) {
        const auto is_it = [&](const DescribedImage& one) {
            return last_part(names_here(one.file).back()) == last_part(image.name());
        };
        const auto found = std::ranges::find_if(storage.images, is_it);
        if (found == storage.images.end()) continue;
        const auto shot = std::ranges::find(disk->shots, found->guid, &Shot::guid);
        const bool has_parent = shot != disk->shots.end() && !shot->parent.is_null();
        if (has_parent || disk->storages.size() > 1)
            throw Error(ErrorCode::refused,
                        fmt::format("{}: it is one of several images of a disk; open '{}' beside it instead, or the "
                                    "folder{}",
                                    image.place({}), descriptor_name,
                                    found->guid == disk->top
                                        ? ""
                                        : fmt::format(", with --snapshot {} for this state", found->guid.text())));
        if (found->guid == disk->top) return std::nullopt;
        return fmt::format(
            "{}: it holds an earlier state of a disk, the snapshot {}; '{}' beside it leads to the "
            "current state",
            image.place({}), found->guid.text(), descriptor_name);
    }
    return std::nullopt;
}

}  // namespace varve::parallels
