#include <sys/stat.h>
#include <optional>

#include "cli/commands/verbs.h"
#include "cli/options/image_options.h"
#include "cli/render/render_image.h"
#include "cli/render/render_package.h"
#include "cli/render/render_volumes.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/progress_bar.h"
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
    if (call.arguments.has("json"))
        print_json(call.console, volumes_json(list));
    else
        call.console.print(volumes_text(list));
    return ExitStatus::done;
}

/// An appliance of which no disk is named.
ExitStatus show_package(const Invocation& call, const appliance::PackageReader& package, Progress& progress) {
    for (const std::string& sentence : package.warnings()) progress.warn(sentence);
    if (call.arguments.has("json"))
        print_json(call.console, package_json(package));
    else
        call.console.print(package_text(package));
    return ExitStatus::done;
}

/// What the image's own file takes on its file system; nullopt for a device, a volume or a disk inside an appliance.
std::optional<ByteCount> space_of_file(const OpenedImage& image) {
    const LayerInfo& top = image.layers.front();
    struct stat status {};
    if (top.role != LayerRole::image || ::stat(top.path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
        return std::nullopt;
    constexpr std::uint64_t block_bytes = 512;  // of st_blocks, whatever the file system's own
    return ByteCount{static_cast<std::uint64_t>(status.st_blocks) * block_bytes};
}

ExitStatus run_info(const Invocation& call) {
    ProgressBar progress(call.console, BarMode::never);
    const std::string& source = call.arguments.operands()[0];
    if (names_volume_list(source)) return list_volumes(call, source, progress);
    if (!call.arguments.has("member"))
        if (const auto package = open_named_package(source, image_options(call, LiveImage::warn)))
            return show_package(call, *package, progress);
    OpenOptions options = image_options(call, LiveImage::warn);
    options.image.backing = BackingUse::followed_if_possible;
    const OpenedImage image = open_named_image(source, options, progress);
    if (!image.not_followed.empty())
        progress.warn("what the image is based on was not followed: " + image.not_followed);
    const ImageFileFacts file{space_of_file(image), image.not_followed.empty()};
    if (call.arguments.has("json"))
        print_json(call.console, info_json(image.reader->info(), file));
    else
        call.console.print(info_text(image.reader->info(), file));
    return ExitStatus::done;
}

}  // namespace

Verb info_verb() {
    return {"info",
            "IMAGE",
            "show the facts about a disk image",
            "Shows the format, sizes, backing file, internal snapshots, bitmaps and features of a\n"
            "disk image. For 'lvm:', lists the logical volumes on this host's disks, or on those\n"
            "named by --pv, and whether they can be read; for 'lvm:VG', those of one group. For an\n"
            "appliance (.ova, .ovf), lists its disks, or shows the one that --member names.",
            "varve info web01.qcow2",
            {1, 1, UsesRepository::no, image_option_specs()},
            run_info};
}

}  // namespace varve
