#include "formats/chain/vmdk_uuids.h"

#include "engine/base/error.h"
#include "formats/chain/probe.h"
#include "formats/vmdk/descriptor_source.h"

namespace varve::vmdk {
namespace {

vdi::Uuid uuid_in(const Descriptor& descriptor, const std::string& key) {
    const auto text = descriptor.fact(key);
    return text ? vdi::parse_uuid(*text).value_or(vdi::Uuid{}) : vdi::Uuid{};
}

}  // namespace

std::optional<vdi::Identity> identity_of(const Descriptor& descriptor) {
    const vdi::Identity identity{uuid_in(descriptor, "uuid.image"), uuid_in(descriptor, "uuid.modification")};
    if (identity.create.is_null()) return std::nullopt;
    return identity;
}

std::optional<vdi::Identity> peek_identity(const ByteSourcePtr& source) {
    try {
        if (probe_format(*source) != "vmdk") return std::nullopt;
        const auto text = find_descriptor(source);
        if (!text) return std::nullopt;
        return identity_of(parse_descriptor(*text, source->place({})));
    } catch (const Error&) {
        return std::nullopt;
    }
}

}  // namespace varve::vmdk
