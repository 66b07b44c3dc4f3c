#include "formats/chain/image_references.h"

namespace varve {

std::string_view to_string(ReferenceKind kind) {
    switch (kind) {
        case ReferenceKind::backing_file:
            return "backing file";
        case ReferenceKind::data_file:
            return "data file";
        case ReferenceKind::extent:
            return "extent";
        case ReferenceKind::packaged_file:
            return "file";
    }
    return "";
}

}  // namespace varve
