#pragma once
/// Opens the files that images name (backing and data files), and nothing else: an image comes from a guest or a
/// stranger, so a name in it is followed only under the folder of the image that the user named, or under a folder that
/// the user allowed, for the whole chain. Neither "..", a symlink nor a swap leads out. Names of protocols are never
/// followed.
///
/// One thread at a time; the folders are opened once, at construction.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file.h"

namespace varve {

/// Where an image lies: all that is needed to follow a name in it.
struct ImagePlace {
    std::string shown;   ///< for error texts, escaped
    std::string path;    ///< canonical and absolute; untrusted text
    std::string folder;  ///< canonical; names in the image are relative to it
};

/// What an image names a file as.
enum class ReferenceKind : std::uint8_t { backing_file, data_file, extent };

struct ImageFile {
    File file;
    ImagePlace place;
};

/// What a search by content came to.
struct FoundFiles {
    std::vector<ImageFile> files;  ///< each once, however many names it has
    std::size_t looked_at = 0;
    bool is_complete = true;  ///< false: there were more files than a search looks at
};

class ReferenceResolver {
public:
    /// `image_path` is the user's own; its folder as typed is the first one allowed, then `allow_under`. Throws
    /// Error(not_found | io) for a folder that cannot be opened.
    ReferenceResolver(const std::string& image_path, const std::vector<std::string>& allow_under);

    /// Opens the user's own image, wherever it lies.
    ImageFile open_named_by_user() const;

    /// Opens the file that `referrer` records as `name`, its `kind` for the error texts. Throws Error(refused) for a
    /// name that is not a plain path, leads outside the allowed folders, or is neither a regular file nor a block
    /// device; Error(not_found | io) otherwise. The sentence says which image names what.
    ImageFile open_reference(const ImagePlace& referrer, const std::string& name, ReferenceKind kind) const;

    /// The regular files that `fits` says yes to, for a `referrer` that records no name: in its folder and in the
    /// allowed folders, and, as VirtualBox keeps them, in a folder "Snapshots" in each of these, and beside the
    /// referrer's folder if that is "Snapshots". Nothing outside of the allowed folders is opened. Files that end in
    /// `ending` come first; at most 4096 are looked at.
    FoundFiles find(const ImagePlace& referrer, std::string_view ending,
                    const std::function<bool(const File&)>& fits) const;

private:
    struct Root {
        std::string typed;      ///< absolute, as the user wrote it
        std::string canonical;  ///< absolute, without symlinks
        UniqueFd fd;
    };

    static Root open_root(const std::string& folder);
    static std::vector<std::string> candidates(const Root& root, const ImagePlace& referrer, const std::string& name);
    static std::string folder_of(const Root& root, const std::string& name);
    static std::vector<std::string> folders_to_search(const Root& root, const ImagePlace& referrer);
    static ImageFile image_file(const Root& root, const std::string& candidate, UniqueFd fd);

    std::string image_path_;
    std::vector<Root> roots_;
};

}  // namespace varve
