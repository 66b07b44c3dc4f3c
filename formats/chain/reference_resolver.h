#pragma once
/// Opens the files that images name (backing and data files), and nothing else: an image comes from a guest or a
/// stranger, so a name in it is followed only under the folder of the image that the user named, or under a folder that
/// the user allowed. This applies to the whole chain. What counts is where a name ends up, by whatever symlinks and
/// ".."; no rename at the wrong moment can lead outside. Names of protocols are never followed.
///
/// One thread at a time; the folders are opened once, at construction.

#include <string>
#include <vector>

#include "formats/chain/image_references.h"

namespace varve {

/// Opens a file that the user named, wherever it is. Throws Error(not_found | io), Error(refused) for anything but a
/// regular file or a block device.
ImageFile open_file_of_user(const std::string& path);

class ReferenceResolver final : public ImageReferences {
public:
    /// `image_path` is the image that the user named; its folder as typed is the first one allowed, then `allow_under`
    /// and the folders of `backing_files`, which the user named too. Throws Error(not_found | io) for a folder that
    /// cannot be opened.
    ReferenceResolver(const std::string& image_path, const std::vector<std::string>& allow_under,
                      const std::vector<std::string>& backing_files = {});

    /// Opens the image that the user named, wherever it is.
    ImageFile open_named_by_user() const;

    /// Error(refused) for a name that is not a path, ends up outside the allowed folders, or at something that is
    /// neither a regular file nor a block device. Of a file outside no more is learned than its path.
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
    ImageFile open_where_it_ends(const ImagePlace& referrer, const std::string& path, const std::string& naming,
                                 ReferenceKind kind) const;

    std::string image_path_;
    std::vector<Root> roots_;
};

}  // namespace varve
