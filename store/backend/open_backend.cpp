#include "store/backend/open_backend.h"

#include <string_view>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "store/backend/local_backend.h"

namespace varve {
namespace {

void refuse_unknown_kind(const std::string& location) {
    for (const std::string_view kind : {"s3:", "rados:"}) {
        if (location.starts_with(kind))
            throw Error(ErrorCode::unsupported,
                        fmt::format("this version keeps repositories in local folders only, not in {} (for a folder of "
                                    "that name pass ./{})",
                                    kind.substr(0, kind.size() - 1), location));
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
