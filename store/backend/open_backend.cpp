#include "store/backend/open_backend.h"

#include <string_view>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "store/backend/local_backend.h"

namespace varve {
namespace {

struct UnknownKind {
    std::string_view prefix;
    std::string_view advice;
};

constexpr UnknownKind unknown_kinds[] = {
    {"sftp:", "mount the server's folder with sshfs and pass its path"},
    {"ssh:", "mount the server's folder with sshfs and pass its path"},
    {"rest:", "mount a folder of the server, as with NFS, and pass its path"},
    {"http:", "mount a folder of the server, as with NFS, and pass its path"},
    {"https:", "mount a folder of the server, as with NFS, and pass its path"},
    {"s3:", "back up into a folder, and copy that to the bucket when no varve is running"},
    {"gs:", "back up into a folder, and copy that to the bucket when no varve is running"},
    {"b2:", "back up into a folder, and copy that to the bucket when no varve is running"},
    {"azure:", "back up into a folder, and copy that to the container when no varve is running"},
    {"swift:", "back up into a folder, and copy that to the container when no varve is running"},
    {"rclone:", "back up into a folder, and copy that with rclone when no varve is running"},
    {"rados:", "mount a CephFS folder and pass its path"},
    {"file:", "pass the path alone, without 'file:'"},
};

/// A location of another program's or a later version's kind; a folder of such a name is passed with "./" before it.
void refuse_unknown_kind(const std::string& location) {
    for (const UnknownKind& kind : unknown_kinds) {
        if (location.starts_with(kind.prefix))
            throw Error(
                ErrorCode::unsupported,
                fmt::format("'{}' is not a folder, and this version keeps repositories in folders only: {} (for a "
                            "folder of that name pass ./{})",
                            location, kind.advice, location));
    }
}

}  // namespace

std::unique_ptr<Backend> open_backend(const std::string& location) {
    refuse_unknown_kind(location);
    return LocalBackend::open(location);
}

std::unique_ptr<Backend> create_backend(const std::string& location) {
    refuse_unknown_kind(location);
    return LocalBackend::create(location);
}

}  // namespace varve
