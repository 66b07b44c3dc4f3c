#include <chrono>

#include "cli/options/image_options.h"
#include "cli/render/render_compare.h"
#include "cli/terminal/progress_bar.h"
#include "cli/verbs.h"
#include "engine/image/compare_images.h"

namespace varve {
namespace {

std::vector<OptionSpec> option_specs() {
    std::vector<OptionSpec> specs;
    for (OptionSpec& spec : image_option_specs()) {
        if (spec.name == "format") {
            spec.letter = 'f';
            spec.help = format_help("A");
        } else if (spec.name == "snapshot") {
            spec.help = "read A's internal snapshot of this name (or id:N) instead of the disk";
        }
        specs.push_back(std::move(spec));
    }
    specs.push_back({"format-b", 'F', "F", Repeat::once, "format of B"});
    specs.push_back({"snapshot-b", 0, "NAME", Repeat::once, "read B's internal snapshot of this name"});
    specs.push_back({"member-b", 0, "NAME", Repeat::once, "of an appliance B the disk of this name"});
    return specs;
}

OpenOptions options_of_b(const Invocation& call) {
    OpenOptions options = image_options(call);
    options.image.format = call.arguments.value("format-b");
    options.image.snapshot = call.arguments.value("snapshot-b");
    options.package.member = call.arguments.value("member-b");
    return options;
}

ExitStatus run_compare(const Invocation& call) {
    const auto begun = std::chrono::steady_clock::now();
    const Arguments& arguments = call.arguments;
    const bool as_json = arguments.has("json");
    ProgressBar progress(call.console, as_json ? BarMode::never : BarMode::when_terminal);
    const auto a = open_named_image(arguments.operands()[0], image_options(call), progress).reader;
    const auto b = open_named_image(arguments.operands()[1], options_of_b(call), progress).reader;
    // With --quiet only the exit status tells.
    const bool tells_status_only = arguments.has("quiet") && !as_json;
    const auto detail = tells_status_only ? CompareDetail::first_difference : CompareDetail::everything;
    const CompareReport report = compare_images(*a, *b, detail, progress, call.stop);
    progress.clear();
    if (as_json) {
        const auto duration = std::chrono::steady_clock::now() - begun;
        call.console.print(json_text(compare_json(report, *a, *b, duration)));
    } else {
        const auto ranges = arguments.has("verbose") ? CompareText::with_ranges : CompareText::one_sentence;
        call.console.summary(compare_text(report, ranges));
    }
    return report.same() ? ExitStatus::done : ExitStatus::found;
}

}  // namespace

Verb compare_verb() {
    return {"compare",
            "A B",
            "tell whether two disk images hold the same bytes",
            "Compares the guest bytes of two disk images or devices, whatever their formats; what\n"
            "has no bytes on either side is not read. Exits with 0 when they are the same and with\n"
            "3 when they differ, also when one only is larger by zeros. Tells where they first\n"
            "differ and how much of them, in blocks of 4 KiB; with --verbose each range, with\n"
            "--quiet nothing: then it ends at the first difference. A snapshot is compared with an\n"
            "image by `varve verify SNAP --against IMAGE`.",
            "varve compare web01.qcow2 /dev/vg0/web01",
            {2, 2, UsesRepository::no, option_specs()},
            run_compare};
}

}  // namespace varve
