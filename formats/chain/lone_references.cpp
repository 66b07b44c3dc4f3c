#include "formats/chain/lone_references.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"

namespace varve {

ImageFile LoneReferences::open_reference(const ImagePlace& referrer, const std::string& name,
                                         ReferenceKind kind) const {
    if (kind == ReferenceKind::packaged_file)
        throw Error(ErrorCode::refused, fmt::format("'{}' is an OVF descriptor, whose files lie beside it: name it by "
                                                    "its file, or send the whole archive (.ova)",
                                                    referrer.shown));
    throw Error(ErrorCode::refused, fmt::format("'{}' is of no use without '{}', which it names: it is not followed "
                                                "from here; name the image by its file",
                                                referrer.shown, escape_for_display(name)));
}

FoundFiles LoneReferences::find(const ImagePlace& referrer, std::span<const std::string_view>,
                                const std::function<bool(const ByteSourcePtr&)>&) const {
    throw Error(ErrorCode::refused, fmt::format("'{}' is of no use without the image that it was made over, which is "
                                                "not looked for from here; name the image by its file",
                                                referrer.shown));
}

}  // namespace varve
