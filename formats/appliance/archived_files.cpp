#include "formats/appliance/archived_files.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/base/window_source.h"
#include "formats/chain/file_extensions.h"

namespace varve::appliance {

ArchivedFiles::ArchivedFiles(ImageFile archive)
    : archive_(std::move(archive)), contents_(tar::read_archive(*archive_.source)) {}

ImageFile ArchivedFiles::open(const tar::Member& member) const {
    const std::string name = archive_.place.name + '/' + member.name;
    return {std::make_shared<const WindowSource>(archive_.source, member.content, name),
            {name, archive_.place.path + '/' + member.name, archive_.place.path}};
}

/// The folder of a member in the archive: "" or "web01/".
std::string ArchivedFiles::folder_of(const ImagePlace& member) const {
    const std::string name = member.path.substr(archive_.place.path.size() + 1);
    return name.substr(0, name.rfind('/') + 1);  // npos + 1 is 0
}

ImageFile ArchivedFiles::open_reference(const ImagePlace& referrer, const std::string& name, ReferenceKind kind) const {
    const std::string plain = name.starts_with("./") ? name.substr(2) : name;
    const tar::Member* member = contents_.find(folder_of(referrer) + plain, archive_.place.name);
    if (member == nullptr) member = contents_.find(plain, archive_.place.name);
    if (member == nullptr)
        throw Error(ErrorCode::not_found, fmt::format("'{}' names its {} '{}', but '{}' has no such file",
                                                      referrer.name, to_string(kind), name, archive_.place.name));
    return open(*member);
}

FoundFiles ArchivedFiles::find(const ImagePlace& referrer, std::span<const std::string_view> extensions,
                               const std::function<bool(const ByteSourcePtr&)>& fits) const {
    std::vector<const tar::Member*> members;
    for (const tar::Member& member : contents_.members) members.push_back(&member);
    std::ranges::stable_sort(members, {},
                             [&](const tar::Member* member) { return extension_rank(member->name, extensions); });
    FoundFiles found;
    for (const tar::Member* member : members) {
        ImageFile image = open(*member);
        if (image.place.path == referrer.path) continue;
        ++found.looked_at;
        if (fits(image.source)) found.files.push_back(std::move(image));
    }
    return found;
}

std::vector<std::string> ArchivedFiles::names_beside(const ImagePlace&) const {
    std::vector<std::string> names;
    for (const tar::Member& member : contents_.members) names.push_back(member.name);
    for (const tar::OtherMember& member : contents_.others) names.push_back(member.name);  // a link is refused by name
    return names;
}

}  // namespace varve::appliance
