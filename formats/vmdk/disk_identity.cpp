#include "formats/vmdk/disk_identity.h"

#include "engine/base/error.h"
#include "formats/vmdk/descriptor_source.h"

namespace varve::vmdk {
namespace {

Uuid uuid_in(const Descriptor& descriptor, const std::string& key) {
    const auto text = descriptor.fact(key);
    return text ? parse_uuid(*text).value_or(Uuid{}) : Uuid{};
}

}  // namespace

std::optional<DiskIdentity> identity_of(const Descriptor& descriptor) {
    const DiskIdentity identity{uuid_in(descriptor, "uuid.image"), uuid_in(descriptor, "uuid.modification")};
    if (identity.create.is_null()) return std::nullopt;
    return identity;
}

std::optional<DiskIdentity> peek_identity(const ByteSourcePtr& source) {
    try {
        const auto text = find_descriptor(source);
        if (!text) return std::nullopt;
        return identity_of(parse_descriptor(*text, source->place({})));
    } catch (const Error&) {
        return std::nullopt;
    }
}

}  // namespace varve::vmdk
