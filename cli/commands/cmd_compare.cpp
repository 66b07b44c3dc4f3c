#include <chrono>

#include "cli/commands/verbs.h"
#include "cli/options/format_word.h"
#include "cli/options/image_options.h"
#include "cli/render/render_compare.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/progress_bar.h"
#include "engine/image/compare_images.h"
#include "formats/lvm/volume_name.h"

namespace varve {
namespace {

std::vector<OptionSpec> compare_option_specs() {
    std::vector<OptionSpec> specs;
    for (OptionSpec& spec : image_option_specs()) {
        if (spec.name == "format") {
            spec.help = format_help("A");
        } else if (spec.name == "snapshot") {
            spec.help = "read A's internal snapshot of this name (or id:N) instead of the disk";
        }
        if (spec.name == "backing") spec.help = "read FILE as A's backing file, whatever A names; again: as that one's";
        specs.push_back(std::move(spec));
    }
    specs.push_back({"backing-b", 0, "FILE", Repeat::many, "read FILE as B's backing file, whatever B names"});
    specs.push_back({"format-b", 'F', "F", Repeat::once, "format of B"});
    specs.push_back({"snapshot-b", 0, "NAME", Repeat::once, "read B's internal snapshot of this name"});
    specs.push_back({"secret-file-b", 0, "FILE", Repeat::once, "file with B's passphrase or key (default: A's)"});
    specs.push_back({"luks-header-b", 0, "FILE", Repeat::once, "detached header of B, a LUKS volume"});
    specs.push_back({"member-b", 0, "NAME", Repeat::once, "if B is an appliance: compare its disk of this name"});
    return specs;
}

OpenOptions options_of_b(const Invocation& call) {
    OpenOptions options = image_options(call);
    options.image.format = format_word(call.arguments, "format-b");
    options.image.snapshot = call.arguments.value("snapshot-b");
    options.image.backing_files = call.arguments.values("backing-b");
    if (const auto secret = call.arguments.value("secret-file-b"))
        options.image.secret = crypt::SecretFile::read(*secret);
    set_luks_header(options.image, call.arguments.value("luks-header-b"));
    options.package.member = call.arguments.value("member-b");
    return options;
}

/// --pv is for the operand that is a logical volume. With two files it stays with both, to be refused as misplaced.
void leave_volumes_to(const std::string& volume, OpenOptions& options_of_other) {
    if (lvm::is_volume_name(volume)) options_of_other.volume.physical_volumes.clear();
}

ExitStatus run_compare(const Invocation& call) {
    const auto start = std::chrono::steady_clock::now();
    const Arguments& arguments = call.arguments;
    const bool as_json = arguments.has("json");
    ProgressBar progress(call.console, as_json ? BarMode::never : BarMode::when_terminal);
    const std::string& name_a = arguments.operands()[0];
    const std::string& name_b = arguments.operands()[1];
    OpenOptions options_a = image_options(call);
    OpenOptions options_b = options_of_b(call);
    if (!lvm::is_volume_name(name_a)) leave_volumes_to(name_b, options_a);
    if (!lvm::is_volume_name(name_b)) leave_volumes_to(name_a, options_b);
    const auto a = open_named_image(name_a, options_a, progress).reader;
    const auto b = open_named_image(name_b, options_b, progress).reader;
    const bool reports_status_only = arguments.has("quiet") && !as_json;
    const auto detail = reports_status_only ? CompareDetail::first_difference : CompareDetail::everything;
    const CompareReport report = compare_images(*a, *b, detail, progress, call.stop);
    progress.clear();
    if (as_json) {
        const auto duration = std::chrono::steady_clock::now() - start;
        print_json(call.console, compare_json(report, *a, *b, duration));
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
            "compare the bytes of two disk images",
            "Compares the guest bytes of two disk images or devices, whatever their formats; parts\n"
            "without data on either side are not read. Exits with 0 when they are the same and with\n"
            "3 when they differ, even if one is merely larger by zeros. Reports where they first\n"
            "differ and how much differs, in blocks of 4 KiB; with --verbose every range; with\n"
            "--quiet nothing, and it stops at the first difference. To compare a snapshot with an\n"
            "image, use `varve verify SNAP --against IMAGE`.",
            "varve compare web01.qcow2 /dev/vg0/web01",
            {2, 2, UsesRepository::no, compare_option_specs()},
            run_compare};
}

}  // namespace varve
