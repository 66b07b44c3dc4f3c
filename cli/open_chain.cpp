#include "cli/open_chain.h"

namespace varve {

OpenedImage open_chain(const std::string& path, const OpenOptions& options, Progress& progress) {
    OpenedImage image = open_image_chain(path, options);
    for (const std::string& sentence : image.reader->info().warnings) progress.warn(sentence);
    return image;
}

}  // namespace varve
