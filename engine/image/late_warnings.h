#pragma once
/// Doubts about an image that only reading it can show, such as a damaged table whose copy was used instead. Few
/// readers have any: those, and the readers that are stacked on others, implement this beside ImageReader.

#include <string>
#include <vector>

#include "engine/image/image_reader.h"

namespace varve {

class LateWarnings {
public:
    virtual ~LateWarnings() = default;

    /// Full sentences about what was read so far; a few at most, each once. info().warnings has those that opening
    /// showed. Safe from many threads.
    virtual std::vector<std::string> late_warnings() const = 0;
};

/// Those of a reader; none if it never has any.
inline std::vector<std::string> late_warnings_of(const ImageReader& reader) {
    const auto* late = dynamic_cast<const LateWarnings*>(&reader);
    return late != nullptr ? late->late_warnings() : std::vector<std::string>();
}

}  // namespace varve
