#include "formats/chain/reference_resolver.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/chain/folder_files.h"
#include "formats/chain/local_name.h"
#include "formats/chain/open_beneath.h"
#include "formats/guard/file_source.h"

namespace varve {
namespace {

// So that a FIFO does not block and a terminal does not become the controlling one; kinds are checked right after.
constexpr int open_flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;

constexpr const char* snapshot_folder = "Snapshots";  // VirtualBox's, in a machine's folder
constexpr std::size_t files_searched_max = 4096;
constexpr std::size_t entries_max = 65536;

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

/// `path` relative to `folder`, if it is below it judging by the text alone.
std::optional<std::string> below(const std::string& folder, const std::string& path) {
    if (path == folder) return ".";
    const std::string prefix = folder.ends_with('/') ? folder : folder + "/";
    if (!path.starts_with(prefix)) return std::nullopt;
    return "./" + path.substr(prefix.size());
}

std::optional<std::string> path_of(const UniqueFd& fd) {
    std::error_code failed;
    const auto path = std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd.get()), failed);
    return failed ? std::nullopt : std::optional(path.string());
}

/// `path` without symlinks; `otherwise` if it cannot be resolved.
std::string canonical_or(const std::string& path, const std::string& otherwise) {
    std::error_code failed;
    const auto canonical = std::filesystem::canonical(path, failed);
    return failed ? otherwise : canonical.string();
}

FileIdentity identity_of(const UniqueFd& fd) {
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) throw io_error("cannot stat a file of the search", errno);
    return {status.st_dev, status.st_ino};
}

bool is_regular(const UniqueFd& fd) {
    struct stat status {};
    return ::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode);
}

Error refusal(const std::string& naming, std::string_view reason) {
    return Error(ErrorCode::refused, fmt::format("{}, which is not followed: {}", naming, reason));
}

Error open_failure(const std::string& naming, ReferenceKind kind, int error) {
    if (error != ENOENT && error != ENOTDIR) return io_error(naming + ", which cannot be opened", error);
    std::string_view way_out;
    if (kind == ReferenceKind::backing_file) way_out = "; pass --backing FILE with the file it was renamed or moved to";
    // qemu searches for a relative one in the folder in which it was started.
    if (kind == ReferenceKind::data_file)
        way_out = "; set its name relative to the image with 'qemu-img amend -o data_file='";
    return Error(ErrorCode::not_found, fmt::format("{}, which does not exist{}", naming, way_out));
}

void refuse_other_kinds(const File& file) {
    if (file.kind() == FileKind::other)
        throw Error(ErrorCode::refused, fmt::format("'{}' is neither a regular file nor a block device", file.path()));
}

}  // namespace

ImageFile open_file_of_user(const std::string& path) {
    File file = File::open(path, open_flags);
    refuse_other_kinds(file);
    return {std::make_shared<const FileSource>(std::move(file)),
            {path, canonical_or(path, path), canonical_or(parent_of(path), parent_of(path))}};
}

ReferenceResolver::ReferenceResolver(const std::string& image_path, const std::vector<std::string>& allow_under,
                                     const std::vector<std::string>& backing_files)
    : image_path_(image_path) {
    roots_.push_back(open_root(parent_of(image_path)));
    for (const std::string& folder : allow_under) roots_.push_back(open_root(folder));
    for (const std::string& file : backing_files) roots_.push_back(open_root(parent_of(file)));
}

ReferenceResolver::Root ReferenceResolver::open_root(const std::string& folder) {
    const int fd = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        throw Error(ErrorCode::not_found, fmt::format("the folder '{}' does not exist", folder));
    if (fd < 0) throw io_error(fmt::format("cannot open the folder '{}'", folder), errno);
    Root root{std::filesystem::absolute(folder).lexically_normal().string(), {}, UniqueFd(fd)};
    if (root.typed.size() > 1 && root.typed.ends_with('/')) root.typed.pop_back();
    root.canonical = path_of(root.fd).value_or(canonical_or(folder, root.typed));
    return root;
}

ImageFile ReferenceResolver::open_named_by_user() const {
    ImageFile image = open_file_of_user(image_path_);
    image.place.folder = roots_.front().canonical;
    return image;
}

/// The names, relative to `root`, that `name` in `referrer` can mean.
std::vector<std::string> ReferenceResolver::candidates(const Root& root, const ImagePlace& referrer,
                                                       const std::string& name) {
    std::vector<std::string> names;
    const bool absolute = name.starts_with('/');
    if (!absolute) {
        if (const auto folder = below(root.canonical, referrer.folder)) names.push_back(*folder + "/" + name);
        return names;
    }
    if (const auto path = below(root.typed, name)) names.push_back(*path);
    if (const auto path = below(root.canonical, name); path && root.canonical != root.typed) names.push_back(*path);
    return names;
}

/// The canonical folder of `name`. Wrong only if another process renames folders concurrently, which can mislead the
/// next name only within the root.
std::string ReferenceResolver::folder_of(const Root& root, const std::string& name) {
    const std::string parent = parent_of(name);
    const OpenBeneathResult folder = open_beneath(root.fd.get(), parent, O_PATH | O_DIRECTORY);
    if (folder.fd)
        if (const auto path = path_of(folder.fd)) return *path;
    return root.canonical + "/" + parent;
}

ImageFile ReferenceResolver::image_file(const Root& root, const std::string& candidate, UniqueFd fd) {
    const std::string path = path_of(fd).value_or(root.canonical + "/" + candidate);
    File file(std::move(fd), path);
    refuse_other_kinds(file);
    return {std::make_shared<const FileSource>(std::move(file)), {path, path, folder_of(root, candidate)}};
}

ImageFile ReferenceResolver::open_reference(const ImagePlace& referrer, const std::string& name,
                                            ReferenceKind kind) const {
    const std::string naming = describe_reference(referrer, name, kind);
    const LocalName local = parse_local_name(name);
    if (local.refusal) throw refusal(naming, *local.refusal);
    for (const Root& root : roots_) {
        for (const std::string& candidate : candidates(root, referrer, local.path)) {
            OpenBeneathResult result = open_beneath(root.fd.get(), candidate, open_flags);
            if (result.fd) return image_file(root, candidate, std::move(result.fd));
        }
    }
    return open_where_it_ends(referrer, local.path, naming, kind);
}

/// Follows `path` as the kernel does, by absolute symlinks and out of a folder and back, without opening what is there.
/// The file is then opened from the allowed folder in which it ended up, so that nothing outside is opened even if
/// somebody renames files in between.
ImageFile ReferenceResolver::open_where_it_ends(const ImagePlace& referrer, const std::string& path,
                                                const std::string& naming, ReferenceKind kind) const {
    const std::string absolute = path.starts_with('/') ? path : referrer.folder + "/" + path;
    const OpenBeneathResult place = find_place(absolute);
    if (!place.fd) throw open_failure(naming, kind, place.error);
    const std::optional<std::string> end = path_of(place.fd);
    if (!end) throw refusal(naming, "where it leads cannot be determined without /proc");
    for (const Root& root : roots_) {
        const auto inside = below(root.canonical, *end);
        if (!inside) continue;
        OpenBeneathResult result = open_beneath(root.fd.get(), *inside, open_flags);
        if (!result.fd) throw open_failure(naming, kind, result.error);
        ImageFile image = image_file(root, *inside, std::move(result.fd));
        image.place.folder = canonical_or(parent_of(absolute), image.place.folder);  // as qemu: where its name is
        return image;
    }
    throw refusal(naming, fmt::format("it leads to '{}', outside '{}'; if you trust it, pass --allow-under {}", *end,
                                      roots_.front().canonical, parent_of(*end)));
}

/// Relative to `root`.
std::vector<std::string> ReferenceResolver::folders_to_search(const Root& root, const ImagePlace& referrer) {
    std::vector<std::string> folders;
    if (const auto own = below(root.canonical, referrer.folder)) {
        folders.push_back(*own);
        folders.push_back(*own + "/" + snapshot_folder);
        if (own->ends_with(std::string("/") + snapshot_folder)) folders.push_back(parent_of(*own));
    }
    folders.insert(folders.end(), {".", std::string("./") + snapshot_folder});
    return folders;
}

FoundFiles ReferenceResolver::find(const ImagePlace& referrer, std::span<const std::string_view> extensions,
                                   const std::function<bool(const ByteSourcePtr&)>& fits) const {
    FoundFiles found;
    std::set<FileIdentity> seen;  // folders and files
    for (const Root& root : roots_) {
        for (const std::string& folder : folders_to_search(root, referrer)) {
            OpenBeneathResult opened = open_beneath(root.fd.get(), folder, O_RDONLY | O_DIRECTORY);
            if (!opened.fd || !seen.insert(identity_of(opened.fd)).second) continue;
            const FolderFiles files = regular_files(std::move(opened.fd), extensions, entries_max);
            found.is_complete = found.is_complete && files.is_complete;
            for (const std::string& name : files.names) {
                if (found.looked_at == files_searched_max) {
                    found.is_complete = false;
                    return found;
                }
                const std::string candidate = fmt::format("{}/{}", folder, name);
                OpenBeneathResult result = open_beneath(root.fd.get(), candidate, open_flags);
                if (!result.fd || !is_regular(result.fd) || !seen.insert(identity_of(result.fd)).second) continue;
                ImageFile image = image_file(root, candidate, std::move(result.fd));
                ++found.looked_at;
                if (fits(image.source)) found.files.push_back(std::move(image));
            }
        }
    }
    return found;
}

std::vector<std::string> ReferenceResolver::names_beside(const ImagePlace& referrer) const {
    for (const Root& root : roots_) {
        const auto own = below(root.canonical, referrer.folder);
        if (!own) continue;
        OpenBeneathResult opened = open_beneath(root.fd.get(), *own, O_RDONLY | O_DIRECTORY);
        if (opened.fd) return regular_files(std::move(opened.fd), {}, entries_max).names;
    }
    return {};
}

}  // namespace varve
