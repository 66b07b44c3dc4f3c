#pragma once
/// Too little space, said before anything is written: for files that a command is about to make.

#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "cli/arguments.h"
#include "engine/base/progress.h"
#include "engine/image/image_reader.h"
#include "formats/base/option_words.h"

namespace varve {

struct PlannedFile {
    std::string path;    ///< for the error text
    std::string folder;  ///< an existing one, on the file system that takes the file
    std::string format;
    OptionMap options;                   ///< its creation options
    const ImageReader* image = nullptr;  ///< what will be written there; borrowed
};

/// The file that `path` names, in the folder that it leads to.
PlannedFile planned_file(const std::string& path, const std::string& format, const OptionMap& options,
                         const ImageReader& image);

/// Throws Error(refused), with both numbers, when the data of the files needs more than their file system has free; a
/// file that will be replaced is not counted as free, since it goes last. Looks into the images only where their whole
/// sizes would not fit; a preallocated file takes its whole size, and of one that is compressed or stands on a backing
/// file nobody knows: it is not counted. A file system that does not tell what is free has room. What the data will
/// take is an upper bound where zeros lie among it or the file system compresses: so the text names the option that
/// skips this.
void check_free_space(std::span<const PlannedFile> files, Progress& progress, const std::stop_token& stop);

/// --no-space-check, of verbs that write an image.
OptionSpec no_space_check_spec();
inline constexpr const char* no_space_check_option = "no-space-check";

}  // namespace varve
