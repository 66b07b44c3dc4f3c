#pragma once
/// Lost map pages from an image of the disk: the chunks that such a page covers are read and hashed. Kinds are those of
/// the image, because a digest does not state which empty chunk was zero and which unallocated.

#include "engine/base/progress.h"
#include "engine/image/image_reader.h"
#include "engine/prune/page_source.h"

namespace varve {

class ImagePages final : public PageSource {
public:
    /// Borrows both.
    ImagePages(const ImageReader& image, Progress& progress) : image_(image), progress_(progress) {}

    void assemble(const std::vector<LostPage>& lost, PageAssembly& assembly,
                  const std::stop_token& stop) const override;

private:
    const ImageReader& image_;
    Progress& progress_;
};

}  // namespace varve
