#include <chrono>

#include <fmt/format.h>

#include "cli/backup/spool.h"
#include "cli/commands/verbs.h"
#include "cli/options/format_word.h"
#include "cli/options/image_options.h"
#include "cli/options/output_options.h"
#include "cli/options/read_errors.h"
#include "cli/options/standard_stream.h"
#include "cli/options/target_format.h"
#include "cli/repository/cache_folder.h"
#include "cli/restore/appliance_copy.h"
#include "cli/restore/free_space.h"
#include "cli/terminal/human_size.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/progress_bar.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "engine/image/copy_image.h"
#include "engine/image/finish_reading.h"
#include "engine/image/image_space.h"
#include "formats/appliance/format.h"
#include "formats/create_image.h"

namespace varve {
namespace {

struct ConvertReport {
    std::string source;
    ImageInfo source_info;
    std::string path;
    std::string format;
    OptionMap options;
    ByteCount bytes_read;
    ByteCount bytes_written;
    std::vector<ByteRange> unreadable;  ///< zeros in the target instead
    std::chrono::nanoseconds duration{};
    bool is_dry_run = false;
};

std::string shown_name(const std::string& path, std::string_view stream) {
    return path == "-" ? std::string(stream) : escape_for_display(path);
}

std::string convert_text(const ConvertReport& r) {
    if (r.is_dry_run)
        return fmt::format("would convert {} ({}) to {} as {}\n  a disk of {}\n",
                           shown_name(r.source, "standard input"), r.source_info.format,
                           shown_name(r.path, "standard output"), r.format, human_size(r.source_info.virtual_size));
    return fmt::format(
        "converted {} ({}) to {} as {}\n  read {} of {}, {} written in {}\n{}", shown_name(r.source, "standard input"),
        r.source_info.format, shown_name(r.path, "standard output"), r.format, human_size(r.bytes_read),
        human_size(r.source_info.virtual_size), human_size(r.bytes_written),
        human_seconds(std::chrono::duration<double>(r.duration).count()),
        r.unreadable.empty()
            ? ""
            : fmt::format("  {}:\n{}", unreadable_text(r.unreadable, "the copy"), unreadable_list(r.unreadable)));
}

Json convert_json(const ConvertReport& r) {
    Json json;
    json["source"] = r.source;
    json["format"] = r.source_info.format;
    json["target"] = r.path;
    json["target_format"] = r.format;
    json["options"] = Json::object();
    for (const auto& [word, value] : r.options) json["options"][word] = value;
    json["size"] = r.source_info.virtual_size.value;
    json["bytes_read"] = r.bytes_read.value;
    json["bytes_written"] = r.bytes_written.value;
    json["unreadable"] = unreadable_json(r.unreadable);
    json["seconds"] = json_seconds(r.duration);
    json["dry_run"] = r.is_dry_run;
    return json;
}

void check_convert_usage(const Arguments& arguments) {
    const std::string source = source_as_typed(arguments.operands()[0]);
    const std::string target = target_as_typed(arguments.operands()[1]);
    if (source == "-" && arguments.has("snapshot"))
        throw Error(ErrorCode::usage, "standard input has no snapshots; omit --snapshot");
    if (target == "-" && arguments.has("json"))
        throw Error(ErrorCode::usage, "--json and the target - both need standard output; omit one");
    if (arguments.has("dry-run") && (source == "-" || names_pipe(source)))
        throw Error(ErrorCode::usage, "a dry run cannot read standard input or a pipe; omit --dry-run");
    target_format(target, format_word(arguments, "output-format"), "raw");
}

OpenedImage open_strictly(const Invocation& call, Progress& progress) {
    const std::string path = source_as_typed(call.arguments.operands()[0]);
    if (path != "-" && !names_pipe(path)) return open_named_image(path, image_options(call), progress);
    return open_piped_image(spool(path, spool_folder(call.arguments), progress, call.stop), image_options(call),
                            progress);
}

OpenedImage open_source(const Invocation& call, Progress& progress) {
    const ReadErrors read_errors = read_errors_of(call.arguments);
    OpenedImage image = open_strictly(call, progress);
    image.reader = apply_read_errors(std::move(image.reader), read_errors);
    return image;
}

/// All files of the source's chain, and the media they resolve to: the target must not be one of them.
std::vector<FileIdentity> media_of(const OpenedImage& image) {
    std::vector<FileIdentity> media;
    for (const LayerInfo& layer : image.layers) {
        media.push_back(layer.identity);
        if (const auto medium = medium_identity(layer.path)) media.push_back(*medium);
    }
    return media;
}

ConvertReport convert(const Invocation& call, Progress& progress) {
    const auto start = std::chrono::steady_clock::now();
    const Arguments& arguments = call.arguments;
    const OptionMap typed = output_options(arguments);
    ConvertReport report;
    report.source = source_as_typed(arguments.operands()[0]);
    report.path = target_as_typed(arguments.operands()[1]);
    const OpenedImage source = open_source(call, progress);
    report.source_info = source.reader->info();
    const ImageInfo& info = report.source_info;
    report.format = target_format(report.path, format_word(arguments, "output-format"), info.format);
    report.options = options_for_target(typed, report.format, info.options, info.format);
    const auto overwrite = arguments.has("force") ? Overwrite::force : Overwrite::refuse;
    CreateOptions created{report.format, info.virtual_size, overwrite, media_of(source), report.options};
    created.secret = call.target_secret;
    if (arguments.has("zero-rest")) created.device_rest = DeviceRest::zeroed;
    for (const std::string& sentence : creation_warnings(report.path, created)) progress.warn(sentence);
    if (arguments.has("dry-run") && report.path == "-") {
        report.is_dry_run = true;
        return report;
    }
    const auto writer = source.package && report.format == appliance::descriptor().name
                            ? create_appliance_copy(report.path, created, source, progress)
                            : create_image(report.path, created);
    if (space_check_of(arguments) == SpaceCheck::done) {
        const PlannedFile file = planned_file(report.path, report.format, report.options, *source.reader);
        check_free_space({&file, 1}, progress, call.stop);
    }
    report.is_dry_run = arguments.has("dry-run");
    if (report.is_dry_run) return report;  // nothing has appeared: the new file has no name yet
    const ByteCount data = data_bytes(*source.reader, progress, call.stop);
    progress.begin("converting", data);
    copy_image(*source.reader, *writer, progress, call.stop);
    finish_reading(*source.reader, progress);
    writer->finish();
    report.unreadable = source.reader->unreadable();
    if (!report.unreadable.empty()) progress.warn(unreadable_text(report.unreadable, "the copy"));
    report.bytes_read = source.reader->bytes_read();
    report.bytes_written = writer->bytes_written();
    report.duration = std::chrono::steady_clock::now() - start;
    return report;
}

ExitStatus run_convert(const Invocation& call) {
    check_convert_usage(call.arguments);
    const bool as_json = call.arguments.has("json");
    ProgressBar progress(call.console, as_json ? BarMode::never : BarMode::when_terminal);
    const ConvertReport report = convert(call, progress);
    progress.clear();
    if (as_json)
        print_json(call.console, convert_json(report));
    else if (report.path == "-")
        call.console.summary_aside(convert_text(report));
    else
        call.console.summary(convert_text(report));
    return report.unreadable.empty() ? ExitStatus::done : ExitStatus::found;
}

std::vector<OptionSpec> convert_option_specs() {
    std::vector<OptionSpec> specs = image_option_specs();
    for (OptionSpec& spec : specs) {
        if (spec.name != "format") continue;
        spec.help = format_help("SRC");
    }
    specs.push_back({"output-format", 'O', "F", Repeat::once, target_format_help()});
    for (OptionSpec& spec : output_option_specs()) specs.push_back(std::move(spec));
    specs.push_back({"force", 0, "", Repeat::once, "overwrite DST if it exists"});
    specs.push_back(zero_rest_spec());
    specs.push_back(read_errors_spec());
    specs.push_back(no_space_check_spec());
    specs.push_back(dry_run_spec("convert"));
    return specs;
}

}  // namespace

Verb convert_verb() {
    return {"convert",
            "SRC DST",
            "convert a disk image to any format",
            "Writes the disk in SRC (an image with its backing files, a block device, or - for\n"
            "standard input, which is raw unless --format is given) to the file or block device DST,\n"
            "or to standard output if DST is -. The format is that of -O, else that of DST's\n"
            "extension (.raw, .img, .qcow2, .vmdk, .vdi, .vhd, .vhdx, .qcow, .qed, .luks, .ova; another\n"
            "one is refused without -O), else that of SRC. Devices are always raw, and so is standard\n"
            "output unless -O vmdk -o subformat=streamOptimized or -O vpc -o subformat=fixed is given.\n"
            "Within one format, SRC's creation options carry over unless -o overrides them. Parts that\n"
            "SRC does not allocate take no space in DST. A file appears under its name when it is\n"
            "complete. Existing files and devices are overwritten only with --force; a symbolic link,\n"
            "SRC and the files it is based on never are. Whatever would not fit into the free space\n"
            "is refused before anything is written.",
            "varve convert -O qcow2 -o cluster_size=128k web01.img web01.qcow2",
            {2, 2, UsesRepository::no, convert_option_specs()},
            run_convert};
}

}  // namespace varve
