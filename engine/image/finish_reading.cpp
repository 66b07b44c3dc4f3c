#include "engine/image/finish_reading.h"

namespace varve {

void finish_reading(const ImageReader& image, Progress& progress) {
    image.check_unchanged();
    for (const std::string& sentence : image.late_warnings()) progress.warn(sentence);
}

}  // namespace varve
