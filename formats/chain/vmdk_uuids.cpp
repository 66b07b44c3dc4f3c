#include "formats/chain/vmdk_uuids.h"

#include "engine/base/error.h"
#include "formats/chain/probe.h"
#include "formats/raw/file_device.h"
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

std::optional<vdi::Identity> peek_identity(const File& file) {
    try {
        if (probe_format(file) != "vmdk") return std::nullopt;
        const NamedDevice device = device_of(file.window({{}, file.size()}, file.path()));
        const auto text = find_descriptor(device);
        if (!text) return std::nullopt;
        return identity_of(parse_descriptor(*text, device.place({})));
    } catch (const Error&) {
        return std::nullopt;
    }
}

}  // namespace varve::vmdk
