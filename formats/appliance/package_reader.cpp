#include "formats/appliance/package_reader.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "engine/base/ascii.h"
#include "engine/base/content_digest.h"
#include "engine/base/error.h"
#include "engine/base/hex.h"
#include "formats/appliance/href.h"
#include "formats/appliance/unpack.h"
#include "formats/guard/file_source.h"

namespace varve::appliance {
namespace {

constexpr std::size_t hashed_at_once = 1 << 20;
constexpr std::size_t names_shown_max = 16;
constexpr std::size_t chunks_max = 4096;  // each is an open file, looked up among all members

Bytes read_whole(const ImageFile& file, ByteCount size_max, std::string_view what) {
    const ByteCount size = file.source->size();
    if (size > size_max)
        throw Error(ErrorCode::refused, fmt::format("'{}' has {} bytes; expected {} of at most {}", file.place.name,
                                                    size.value, what, size_max.value));
    Bytes bytes(static_cast<std::size_t>(size.value));
    file.source->read_at({}, bytes);
    return bytes;
}

/// The file's name, then the number of the piece.
std::string chunk_name(const std::string& href, std::size_t chunk) { return fmt::format("{}.{:09}", href, chunk); }

/// Twice what the disk can need, plus room for metadata: anything larger is not a disk of that size.
ByteCount unpacked_bytes_max(const std::optional<ByteCount>& capacity) {
    constexpr ByteCount at_least = mib(1024);
    constexpr ByteCount unknown{std::uint64_t{64} << 40};
    if (!capacity) return unknown;
    const auto twice = checked_mul(capacity->value, 2);
    return twice ? std::min(ByteCount{*twice} + at_least, unknown) : unknown;
}

/// What the manifest of this descriptor is called.
std::string manifest_name_of(const ImagePlace& descriptor) {
    return std::filesystem::path(base_name(descriptor.path)).stem().string() + ".mf";
}

/// By the name as it is, then decoded; null if the file is not in the manifest.
const ManifestEntry* find_entry(const Manifest& manifest, const std::string& name) {
    const ManifestEntry* entry = manifest.find(name);
    return entry != nullptr ? entry : manifest.find(decoded_href(name));
}

std::string no_digest(const std::string& manifest, const std::string& file) {
    return fmt::format("'{}' has no digest of '{}', whose bytes are not checked", manifest, file);
}

std::string list_of(const std::vector<PackagedDisk>& disks) {
    std::string out;
    for (std::size_t i = 0; i < std::min(disks.size(), names_shown_max); ++i)
        out += fmt::format("{}'{}'", i == 0 ? "" : ", ", disks[i].name);
    return disks.size() <= names_shown_max ? out : fmt::format("{} and {} more", out, disks.size() - names_shown_max);
}

}  // namespace

PackageReader::PackageReader(ImageFile file, std::unique_ptr<const ImageReferences> beside, ManifestUse manifest_use)
    : place_(file.place) {
    if (tar::is_tar(*file.source))
        open_archive(std::move(file));
    else
        open_descriptor(std::move(file), std::move(beside));
    if (manifest_use == ManifestUse::check) read_manifest();
    list_disks();
}

void PackageReader::open_archive(ImageFile file) {
    const ImagePlace archive = file.place;
    is_archive_ = true;
    auto files = std::make_unique<ArchivedFiles>(std::move(file));
    const tar::Archive& contents = files->contents();
    warnings_ = contents.warnings;
    const auto is_descriptor = [](const tar::Member& member) { return ends_ignoring_case(member.name, ".ovf"); };
    const auto descriptor = std::ranges::find_if(contents.members, is_descriptor);
    if (descriptor == contents.members.end())
        throw Error(
            ErrorCode::unsupported,
            fmt::format("'{}' is a tar archive without an OVF descriptor (.ovf), not an appliance", archive.name));
    if (std::ranges::count_if(contents.members, is_descriptor) > 1)
        warnings_.push_back(
            fmt::format("'{}' has several OVF descriptors; the first, '{}', was used", archive.name, descriptor->name));
    ImageFile opened = files->open(*descriptor);
    open_descriptor(std::move(opened), std::move(files));
}

void PackageReader::open_descriptor(ImageFile file, std::unique_ptr<const ImageReferences> beside) {
    references_ = std::move(beside);
    place_ = file.place;
    text_ = read_whole(file, descriptor_bytes_max, "an OVF descriptor");
    descriptor_ = parse_descriptor(text_, fmt::format("'{}'", place_.name));
    warnings_.insert(warnings_.end(), descriptor_.warnings.begin(), descriptor_.warnings.end());
}

/// Those that are called like the descriptor first.
std::vector<std::string> PackageReader::manifest_names() const {
    std::vector<std::string> names;
    for (std::string& name : references_->names_beside(place_))
        if (ends_ignoring_case(name, ".mf")) names.push_back(std::move(name));
    const std::string own = manifest_name_of(place_);
    const auto rank = [&](const std::string& name) {
        const std::string last = base_name(name);
        return last == own ? 0 : equals_ignoring_case(last, own) ? 1 : 2;
    };
    std::ranges::stable_sort(names, {}, rank);
    return names;
}

/// Without one there is nothing to check.
void PackageReader::read_manifest() {
    const std::string own = manifest_name_of(place_);
    for (const std::string& name : manifest_names()) {
        if (!manifest_) manifest_ = read_manifest_of(name, equals_ignoring_case(base_name(name), own));
        if (is_archive_ && (!manifest_ || base_name(name) != base_name(manifest_name_)))
            warnings_.push_back(fmt::format("the manifest '{}' of '{}' was not used: {}", name, place_.folder,
                                            manifest_ ? "there is another one" : "it lists no file of the package"));
    }
    if (manifest_) check_descriptor();
}

/// Nothing for a manifest of something else. In a folder there may be any number of them, readable or not.
std::optional<Manifest> PackageReader::read_manifest_of(const std::string& name, bool is_own) try {
    const ImageFile file = references_->open_reference(place_, name, ReferenceKind::packaged_file);
    Manifest manifest =
        parse_manifest(read_whole(file, manifest_bytes_max, "a manifest"), fmt::format("'{}'", file.place.name));
    if (!is_own && !lists_a_file(manifest)) return std::nullopt;
    manifest_name_ = file.place.name;
    warnings_.insert(warnings_.end(), manifest.warnings.begin(), manifest.warnings.end());
    return manifest;
} catch (const Error& error) {
    if (is_own || is_archive_ || (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::refused)) throw;
    return std::nullopt;
}

bool PackageReader::lists_a_file(const Manifest& manifest) const {
    return find_entry(manifest, base_name(place_.path)) != nullptr ||
           std::ranges::any_of(descriptor_.files,
                               [&](const FileElement& file) { return find_entry(manifest, file.href) != nullptr; });
}

void PackageReader::check_descriptor() {
    const ManifestEntry* entry = find_entry(*manifest_, base_name(place_.path));
    if (entry == nullptr) {
        warnings_.push_back(no_digest(manifest_name_, base_name(place_.path)));
        return;
    }
    ContentDigest digest(entry->algorithm);
    digest.update(text_);
    check_equal(*entry, digest.finish(), place_.name);
}

void PackageReader::list_disks() {
    const auto is_taken = [&](std::string_view name) {
        return std::ranges::any_of(disks_, [&](const PackagedDisk& disk) { return disk.name == name; });
    };
    for (const DiskElement& described : descriptor_.disks) {
        PackagedDisk disk{described.id, described.id, described.capacity, {}, described.format, described.parent};
        if (!described.file.empty()) {
            const auto file = std::ranges::find(descriptor_.files, described.file, &FileElement::id);
            disk.file = static_cast<std::size_t>(file - descriptor_.files.begin());
            if (!is_taken(file->href)) disk.name = file->href;
        }
        if (is_taken(disk.name))
            throw Error(ErrorCode::corrupt, fmt::format("'{}': two disks are called '{}'", place_.name, disk.name));
        disks_.push_back(std::move(disk));
    }
}

const PackagedDisk& PackageReader::find_disk(const std::optional<std::string>& name) const {
    if (disks_.empty())
        throw Error(ErrorCode::unsupported, fmt::format("'{}' describes a machine without a disk", place_.name));
    if (!name) {
        if (disks_.size() == 1) return disks_.front();
        throw Error(ErrorCode::usage,
                    fmt::format("'{}' has {} disks: {}; choose one with --member NAME, or back up all of them with "
                                "--all-disks",
                                place_.name, disks_.size(), list_of(disks_)));
    }
    for (const PackagedDisk& disk : disks_)
        if (disk.name == *name) return disk;
    for (const PackagedDisk& disk : disks_)
        if (disk.id == *name) return disk;
    throw Error(ErrorCode::usage,
                fmt::format("'{}' has no disk '{}'; it has: {}", place_.name, *name, list_of(disks_)));
}

/// Tries the name as it is, then decoded: exporters write either.
ImageFile PackageReader::open_file(const std::string& href) const {
    if (const auto fault = href_fault(href))
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' names a file '{}', which {}: only files of the package are read", place_.name,
                                href, *fault));
    const std::string decoded = decoded_href(href);
    try {
        return references_->open_reference(place_, href, ReferenceKind::packaged_file);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_found || decoded == href || href_fault(decoded)) throw;
    }
    return references_->open_reference(place_, decoded, ReferenceKind::packaged_file);
}

/// A file, or its pieces in order.
std::vector<ImageFile> PackageReader::open_parts(const FileElement& file) const {
    std::vector<ImageFile> parts;
    if (!file.chunk_size) {
        parts.push_back(open_file(file.href));
        return parts;
    }
    for (;;) {
        if (parts.size() == chunks_max)
            throw Error(ErrorCode::refused, fmt::format("'{}' is in more than {} pieces", file.href, chunks_max));
        try {
            parts.push_back(open_file(chunk_name(file.href, parts.size())));
        } catch (const Error& error) {
            if (error.code() != ErrorCode::not_found || parts.empty()) throw;
            break;
        }
    }
    ByteCount total;
    for (const ImageFile& part : parts) total += part.source->size();
    if (file.size && total != *file.size)
        throw Error(ErrorCode::corrupt,
                    fmt::format("'{}' in {} pieces: expected {} bytes, found {}; a piece is missing or cut off",
                                file.href, parts.size(), file.size->value, total.value));
    return parts;
}

ImageFile PackageReader::open_disk(const PackagedDisk& disk, const LongRead& work) const {
    const FileElement& file = descriptor_.files.at(disk.file.value());
    std::vector<ImageFile> parts = open_parts(file);
    if (!file.is_gzip && !file.chunk_size) return std::move(parts.front());
    std::vector<ByteSourcePtr> chunks;
    for (const ImageFile& part : parts) chunks.push_back(part.source);
    ImagePlace place = parts.front().place;
    File whole = unpack(chunks, file.is_gzip, unpacked_bytes_max(disk.capacity), place.name, work.progress, work.stop);
    return {std::make_shared<const FileSource>(std::move(whole)), std::move(place)};
}

std::optional<std::string> PackageReader::size_doubt(const PackagedDisk& disk, ByteCount size) const {
    const FileElement& file = descriptor_.files.at(disk.file.value());
    if (file.is_gzip || file.chunk_size || !file.size || *file.size == size) return std::nullopt;
    return fmt::format("according to '{}', '{}' has {} bytes, but it has {}: it may be damaged", place_.name, file.href,
                       file.size->value, size.value);
}

void PackageReader::check_disk(const PackagedDisk& disk, const LongRead& work) const {
    if (!manifest_ || !disk.file) return;
    const FileElement& file = descriptor_.files[*disk.file];
    std::size_t chunk = 0;
    for (const ImageFile& part : open_parts(file)) {
        const std::string name = file.chunk_size ? chunk_name(file.href, chunk++) : file.href;
        if (const auto doubt = check_digest(part, name, &work)) work.progress.warn(*doubt);
    }
}

/// `name` as in the descriptor. Returns a warning about a file that is not in the manifest.
std::optional<std::string> PackageReader::check_digest(const ImageFile& file, const std::string& name,
                                                       const LongRead* work) const {
    if (!manifest_) return std::nullopt;
    const ManifestEntry* entry = find_entry(*manifest_, name);
    if (entry == nullptr) return no_digest(manifest_name_, name);
    ContentDigest digest(entry->algorithm);
    Bytes buffer(static_cast<std::size_t>(std::min<std::uint64_t>(hashed_at_once, file.source->size().value)));
    const ByteCount size = file.source->size();
    if (work != nullptr) work->progress.begin("checking the manifest", size);
    for (ByteOffset at; at.value < size.value;) {
        if (work != nullptr) throw_if_stopped(work->stop);
        const std::size_t count =
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size.value - at.value));
        file.source->read_at(at, ByteSpan(buffer).first(count));
        digest.update(ByteView(buffer).first(count));
        at += {count};
        if (work != nullptr) work->progress.advance({at.value});
    }
    check_equal(*entry, digest.finish(), file.place.name);
    return std::nullopt;
}

void PackageReader::check_equal(const ManifestEntry& entry, const Bytes& found, const std::string& shown) const {
    if (found == entry.digest) return;
    throw Error(ErrorCode::corrupt,
                fmt::format("'{}' does not match the manifest '{}': expected {} {}, found {}; fetch the appliance "
                            "again, or pass --ignore-manifest if it was changed on purpose",
                            shown, manifest_name_, name_of(entry.algorithm), to_hex(entry.digest), to_hex(found)));
}

bool PackageReader::is_of_a_disk(std::size_t file) const {
    return std::ranges::any_of(disks_, [&](const PackagedDisk& disk) { return disk.file == file; });
}

/// Collects the files of `package` to keep with a backup, each with a plain name of its own.
class PackageReader::SmallFiles {
public:
    SmallFiles(const ImagePlace& package, std::vector<std::string>& warnings)
        : package_(package), warnings_(warnings) {}

    void add(const std::string& name, Bytes bytes) {
        if (attachment_name_fault(name) || std::ranges::find(kept_, name, &FileToAttach::name) != kept_.end())
            leave_out(name, "a kept file needs a plain name of its own");
        else
            kept_.push_back({name, std::move(bytes)});
    }

    void leave_out(const std::string& name, std::string_view why) {
        warnings_.push_back(fmt::format("the file '{}' of '{}' is not kept: {}", name, package_.name, why));
    }

    void warn(std::string sentence) { warnings_.push_back(std::move(sentence)); }

    std::vector<FileToAttach> take() { return std::move(kept_); }

private:
    const ImagePlace& package_;
    std::vector<std::string>& warnings_;
    std::vector<FileToAttach> kept_;
};

void PackageReader::add_small_file(const FileElement& file, SmallFiles& kept) const {
    if (file.is_gzip || file.chunk_size || (file.size && *file.size > attachment_bytes_max))
        return kept.leave_out(file.href, "it is not a disk, and is compressed or too large");
    const ImageFile opened = open_file(file.href);
    auto doubt = check_digest(opened, file.href, nullptr);
    kept.add(base_name(decoded_href(file.href)), read_whole(opened, attachment_bytes_max, "a small file"));
    if (doubt) kept.warn(*std::move(doubt));
}

std::vector<FileToAttach> PackageReader::small_files(std::vector<std::string>& warnings) const {
    SmallFiles kept(place_, warnings);
    kept.add(base_name(place_.path), text_);
    for (std::size_t i = 0; i < descriptor_.files.size(); ++i) {
        if (is_of_a_disk(i)) continue;
        try {
            add_small_file(descriptor_.files[i], kept);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::refused && error.code() != ErrorCode::not_found) throw;
            warnings.push_back(error.what());
        }
    }
    return kept.take();
}

}  // namespace varve::appliance
