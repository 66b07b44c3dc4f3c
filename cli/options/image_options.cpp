#include "cli/options/image_options.h"

#include <fmt/format.h>

#include "cli/options/format_word.h"
#include "cli/options/standard_stream.h"
#include "engine/base/error.h"
#include "formats/lvm/volume_name.h"

namespace varve {
namespace {

OpenOptions with_progress(OpenOptions options, Progress& progress) {
    options.progress = &progress;
    return options;
}

void refuse_misplaced_volumes(const std::string& path, const OpenOptions& options) {
    if (!options.volume.physical_volumes.empty() && !lvm::is_volume_name(path))
        throw Error(
            ErrorCode::usage,
            fmt::format("--pv needs a logical volume (lvm:VG/LV), and '{}' is not one; 'varve info lvm: --pv FILE' "
                        "lists those in FILE",
                        path));
}

OpenedImage with_warnings_reported(OpenedImage image, Progress& progress) {
    for (const std::string& sentence : image.reader->info().warnings) progress.warn(sentence);
    return image;
}

}  // namespace

std::string format_help(std::string_view of) {
    return fmt::format(
        "format of {} ({}); default: detected from its first bytes, and a raw NAME.000 is read with the "
        "pieces after it",
        of, fmt::join(format_registry().openable(), ", "));
}

std::vector<OptionSpec> image_option_specs() {
    return {
        {"format", 'f', "F", Repeat::once, format_help("the image")},
        {"snapshot", 0, "NAME", Repeat::once,
         "read the image's internal snapshot of this name (or id:N) instead of the disk"},
        {"member", 0, "NAME", Repeat::once,
         "in an appliance (.ova, .ovf) with several disks, use the disk of this name; 'varve info' lists them"},
        {"ignore-manifest", 0, "", Repeat::once, "read an appliance even if its bytes do not match its manifest"},
        {"ignore-cid", 0, "", Repeat::once,
         "read a VMware snapshot even if its parent's content id (CID) is not the one that it records"},
        {"allow-under", 0, "DIR", Repeat::many,
         "also follow references to backing and data files under DIR (default: only under the image's own "
         "folder)"},
        {"backing", 0, "FILE", Repeat::many,
         "read FILE as the image's backing file, whatever the image names; again: as that one's, and so on"},
        {"pv", 0, "FILE", Repeat::many,
         "disk that holds a part of the volume group of lvm:VG/LV, in any readable format (default: this host's "
         "disks)"},
        {"backing-format", 0, "F", Repeat::once, "format of backing files whose format the image does not record"},
        {"secret-file", 0, "FILE", Repeat::once,
         "file with the passphrase or key of an encrypted image (LUKS, qcow2); of a newline at its end, one is "
         "dropped"},
        {"luks-header", 0, "FILE", Repeat::once, "detached header of a LUKS volume"},
    };
}

OpenOptions image_options(const Invocation& call, LiveImage live) {
    const Arguments& arguments = call.arguments;
    OpenOptions options;
    options.image.live = live;
    options.image.format = format_word(arguments, "format");
    options.image.snapshot = arguments.value("snapshot");
    options.image.allow_under = arguments.values("allow-under");
    options.image.backing_files = arguments.values("backing");
    options.image.backing_format = format_word(arguments, "backing-format");
    options.image.ignore_content_ids = arguments.has("ignore-cid");
    options.volume.physical_volumes = arguments.values("pv");
    options.package.member = arguments.value("member");
    options.package.manifest =
        arguments.has("ignore-manifest") ? appliance::ManifestUse::ignore : appliance::ManifestUse::check;
    options.package.content =
        live == LiveImage::warn ? appliance::PackagedContent::unchecked : appliance::PackagedContent::checked;
    options.image.is_for_facts_only = live == LiveImage::warn;
    options.image.secret = call.secret;
    set_luks_header(options.image, arguments.value("luks-header"));
    options.stop = call.stop;
    return options;
}

void set_luks_header(ImageOptions& image, const std::optional<std::string>& header) {
    image.luks_header = header;
    if (header && !image.format) image.format = "luks";
}

OpenedImage open_named_image(const std::string& path, const OpenOptions& options, Progress& progress) {
    refuse_misplaced_volumes(path, options);
    refuse_pipe(path);
    return with_warnings_reported(open_image_chain(path, with_progress(options, progress)), progress);
}

std::shared_ptr<const appliance::PackageReader> open_named_package(const std::string& path,
                                                                   const OpenOptions& options) {
    refuse_misplaced_volumes(path, options);
    refuse_pipe(path);
    return open_package(path, options);
}

OpenedImage open_piped_image(File file, const OpenOptions& options, Progress& progress) {
    return with_warnings_reported(open_lone_image(std::move(file), with_progress(options, progress)), progress);
}

}  // namespace varve
