#include "engine/image/finish_reading.h"

#include "engine/image/late_warnings.h"

namespace varve {

void finish_reading(const ImageReader& image, Progress& progress) {
    image.check_unchanged();
    for (const std::string& sentence : late_warnings_of(image)) progress.warn(sentence);
}

}  // namespace varve
