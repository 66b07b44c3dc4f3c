#pragma once
/// Of an image that no name leads to, like what came through a pipe: no file that it names is within reach.

#include "formats/chain/image_references.h"

namespace varve {

class LoneReferences final : public ImageReferences {
public:
    /// Error(refused), always.
    ImageFile open_reference(const ImagePlace& referrer, const std::string& name, ReferenceKind kind) const override;
    FoundFiles find(const ImagePlace& referrer, std::span<const std::string_view> endings,
                    const std::function<bool(const ByteSourcePtr&)>& fits) const override;
};

}  // namespace varve
