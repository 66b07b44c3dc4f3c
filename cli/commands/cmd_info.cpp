#include "cli/options/image_options.h"
#include "cli/render/render_image.h"
#include "cli/render/render_package.h"
#include "cli/render/render_volumes.h"
#include "cli/terminal/progress_bar.h"
#include "cli/verbs.h"
#include "formats/lvm/volume_list.h"
#include "formats/lvm/volume_name.h"

namespace varve {
namespace {

bool names_volume_list(const std::string& source) {
    return lvm::is_volume_name(source) && lvm::parse_volume_name(source).volume.empty();
}

ExitStatus list_volumes(const Invocation& call, const std::string& source, Progress& progress) {
    const lvm::VolumeList list = list_logical_volumes(source, image_options(call, LiveImage::warn));
    for (const std::string& sentence : list.warnings) progress.warn(sentence);
    call.console.print(call.arguments.has("json") ? json_text(volumes_json(list)) : volumes_text(list));
    return ExitStatus::done;
}

/// An appliance, as long as none of its disks is named.
ExitStatus show_package(const Invocation& call, const appliance::PackageReader& package, Progress& progress) {
    for (const std::string& sentence : package.warnings()) progress.warn(sentence);
    call.console.print(call.arguments.has("json") ? json_text(package_json(package)) : package_text(package));
    return ExitStatus::done;
}

ExitStatus run_info(const Invocation& call) {
    ProgressBar progress(call.console, BarMode::never);
    const std::string& source = call.arguments.operands()[0];
    if (names_volume_list(source)) return list_volumes(call, source, progress);
    if (!call.arguments.has("member"))
        if (const auto package = open_named_package(source, image_options(call, LiveImage::warn)))
            return show_package(call, *package, progress);
    const auto image = open_named_image(source, image_options(call, LiveImage::warn), progress).reader;
    call.console.print(call.arguments.has("json") ? json_text(info_json(image->info())) : info_text(image->info()));
    return ExitStatus::done;
}

}  // namespace

Verb info_verb() {
    return {"info",
            "IMAGE",
            "show what a disk image says about itself",
            "Shows format, sizes, backing file, internal snapshots, bitmaps and features of a\n"
            "disk image. 'lvm:' in place of an image lists the logical volumes of this host's disks,\n"
            "or of those named by --pv, with what is readable; 'lvm:VG' those of one group. Of an\n"
            "appliance (.ova, .ovf) the disks are listed, with --member NAME one of them is shown.",
            "varve info web01.qcow2",
            {1, 1, UsesRepository::no, image_option_specs()},
            run_info};
}

}  // namespace varve
