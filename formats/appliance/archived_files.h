#pragma once
/// The members of an OVA archive as files of their own, read in place. What an image in the archive names (a parent, an
/// extent) is searched among the members, and nowhere else. One thread at a time.

#include "formats/chain/image_references.h"
#include "formats/tar/archive_reader.h"

namespace varve::appliance {

class ArchivedFiles final : public ImageReferences {
public:
    /// Throws what tar::read_archive() throws.
    explicit ArchivedFiles(ImageFile archive);

    const tar::Archive& contents() const { return contents_; }
    ImageFile open(const tar::Member& member) const;

    /// `referrer` is a member. Looks for the name beside it, then at the top of the archive, and ignores a leading
    /// "./". Throws Error(not_found) for a name that no member has, Error(refused) for one that is not a file.
    ImageFile open_reference(const ImagePlace& referrer, const std::string& name, ReferenceKind kind) const override;
    FoundFiles find(const ImagePlace& referrer, std::span<const std::string_view> extensions,
                    const std::function<bool(const ByteSourcePtr&)>& fits) const override;
    std::vector<std::string> names_beside(const ImagePlace& referrer) const override;

private:
    std::string folder_of(const ImagePlace& member) const;

    ImageFile archive_;
    tar::Archive contents_;
};

}  // namespace varve::appliance
