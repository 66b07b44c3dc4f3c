#include "cli/image_options.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "formats/layer_formats.h"
#include "formats/lvm_source_name.h"

namespace varve {

std::string format_help(std::string_view of) {
    return fmt::format("format of {} ({}); else its first bytes decide", of, fmt::join(read_formats(), ", "));
}

std::vector<OptionSpec> image_option_specs() {
    return {
        {"format", 0, "F", Repeat::once, format_help("the image")},
        {"snapshot", 0, "NAME", Repeat::once,
         "read the image's internal snapshot of this name (or id:N) instead of the disk"},
        {"allow-under", 0, "DIR", Repeat::many,
         "also follow names of backing and data files that lead under DIR; without it only under the image's own "
         "folder"},
        {"pv", 0, "FILE", Repeat::many,
         "disk that holds a part of the volume group of lvm:VG/LV, in any format that is read; without it this host's "
         "own disks"},
        {"backing-format", 0, "F", Repeat::once, "format of backing files for which the image records none"},
    };
}

OpenOptions image_options(const Arguments& arguments, LiveImage live) {
    OpenOptions options;
    options.live = live;
    options.format = arguments.value("format");
    options.snapshot = arguments.value("snapshot");
    options.allow_under = arguments.values("allow-under");
    options.backing_format = arguments.value("backing-format");
    options.physical_volumes = arguments.values("pv");
    return options;
}

OpenedImage open_named_image(const std::string& path, const OpenOptions& options, Progress& progress) {
    if (!options.physical_volumes.empty() && !lvm::is_source_name(path))
        throw Error(
            ErrorCode::usage,
            fmt::format("--pv goes with a logical volume, lvm:VG/LV, and '{}' is none; 'varve info lvm: --pv FILE' "
                        "lists what there is",
                        escape_for_display(path)));
    OpenedImage image = open_image_chain(path, options);
    for (const std::string& sentence : image.reader->info().warnings) progress.warn(sentence);
    return image;
}

}  // namespace varve
