#pragma once
/// Refuses files for which there is too little space before anything is written.

#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "cli/options/arguments.h"
#include "engine/base/progress.h"
#include "engine/image/image_reader.h"
#include "formats/base/option_words.h"

namespace varve {

struct PlannedFile {
    std::string path;    ///< for the error text
    std::string folder;  ///< an existing one, on the file system that takes the file; empty: none is needed
    std::string format;
    OptionMap options;                   ///< its creation options
    const ImageReader* image = nullptr;  ///< what will be written; borrowed
};

/// The file that `path` names. A device and standard output fill no file system: their `folder` is empty.
PlannedFile planned_file(const std::string& path, const std::string& format, const OptionMap& options,
                         const ImageReader& image);

/// Throws Error(refused), with both numbers, when the data of the files needs more than their file system has free. A
/// file that will be replaced does not count as free space, since it is removed last. Inspects the images only if their
/// full sizes would not fit. A preallocated file takes its full size; one that is compressed or based on a backing file
/// is not counted, since its size cannot be predicted. A file system that does not report free space has room. The
/// estimate is an upper bound where zeros are among the data or the file system compresses, so the message names the
/// option that skips this check.
void check_free_space(std::span<const PlannedFile> files, Progress& progress, const std::stop_token& stop);

enum class SpaceCheck { done, skipped };

/// --no-space-check, for verbs that write an image.
OptionSpec no_space_check_spec();
SpaceCheck space_check_of(const Arguments& arguments);

}  // namespace varve
