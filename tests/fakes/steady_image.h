#pragma once
/// Base class of test images that are not based on another reader: their medium never changes and never fails.

#include "engine/image/image_reader.h"

namespace varve::fakes {

class SteadyImage : public ImageReader {
public:
    void check_unchanged() const override {}
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override { return {}; }
};

}  // namespace varve::fakes
