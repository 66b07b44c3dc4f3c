#include "cli/image_options.h"
#include "cli/progress_bar.h"
#include "cli/render_image.h"
#include "cli/verbs.h"

namespace varve {
namespace {

ExitStatus run_info(const Invocation& call) {
    ProgressBar progress(call.console, BarMode::never);
    const auto image =
        open_named_image(call.arguments.operands()[0], image_options(call.arguments, LiveImage::warn), progress).reader;
    call.console.print(call.arguments.has("json") ? json_text(info_json(image->info())) : info_text(image->info()));
    return ExitStatus::done;
}

}  // namespace

Verb info_verb() {
    return {"info",
            "IMAGE",
            "show what a disk image says about itself",
            "Shows format, sizes, backing file, internal snapshots, bitmaps and features of a\n"
            "disk image.",
            "varve info web01.qcow2",
            {1, 1, UsesRepository::no, image_option_specs()},
            run_info};
}

}  // namespace varve
