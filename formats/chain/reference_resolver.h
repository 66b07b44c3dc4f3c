#pragma once
/// Opens the files that images name (backing and data files), and nothing else: an image comes from a guest or a
/// stranger, so a name in it is followed only under the folder of the image that the user named, or under a folder that
/// the user allowed. This applies to the whole chain. Neither "..", a symlink nor a rename can lead outside. Names of
/// protocols are never followed.
///
/// One thread at a time; the folders are opened once, at construction.

#include <string>
#include <vector>

#include "formats/chain/image_references.h"

namespace varve {

class ReferenceResolver final : public ImageReferences {
public:
    /// `image_path` is the image that the user named; its folder as typed is the first one allowed, then `allow_under`.
    /// Throws Error(not_found | io) for a folder that cannot be opened.
    ReferenceResolver(const std::string& image_path, const std::vector<std::string>& allow_under);

    /// Opens the image that the user named, wherever it is.
    ImageFile open_named_by_user() const;

    /// Error(refused) for a name that is not a plain path, leads outside the allowed folders, or is neither a regular
    /// file nor a block device.
    ImageFile open_reference(const ImagePlace& referrer, const std::string& name, ReferenceKind kind) const override;

    /// Searches the referrer's folder and the allowed folders, and, where VirtualBox keeps snapshots, a folder
    /// "Snapshots" in each of these, and the parent of the referrer's folder if that is called "Snapshots". Examines at
    /// most 4096 files.
    FoundFiles find(const ImagePlace& referrer, std::span<const std::string_view> extensions,
                    const std::function<bool(const ByteSourcePtr&)>& fits) const override;
    std::vector<std::string> names_beside(const ImagePlace& referrer) const override;

private:
    struct Root {
        std::string typed;      ///< absolute, as typed by the user
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
