#include <unistd.h>
#include <algorithm>

#include <fmt/format.h>

#include "cli/backup_sources.h"
#include "cli/image_options.h"
#include "cli/open_repository.h"
#include "cli/progress_bar.h"
#include "cli/read_errors.h"
#include "cli/render_backup.h"
#include "cli/render_plan.h"
#include "cli/source_change.h"
#include "cli/spool.h"
#include "cli/tag_options.h"
#include "cli/verbs.h"
#include "engine/backup.h"
#include "engine/backup_plan.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "engine/timestamp.h"

namespace varve {
namespace {

/// One call of `backup`: what all its sources share.
class BackupCall {
public:
    explicit BackupCall(const Invocation& call)
        : call_(call),
          sources_(backup_sources(call.arguments.operands(), call.arguments.values("disk"))),
          tags_(parse_tags(call.arguments.values("tag"), "--tag")),
          read_errors_(read_errors_of(call.arguments)),
          progress_(call.console, call.arguments.has("json") ? BarMode::never : BarMode::when_terminal) {
        if (const auto time = call.arguments.value("time")) time_ = parse_time(*time);
        for (const BackupSource& source : sources_) check_stdin_options(source);
        if (!is_valid_utf8(call.arguments.value("snapshot").value_or("")))
            throw Error(ErrorCode::usage, "the name after --snapshot is not valid UTF-8; say id:N instead");
    }

    ExitStatus run();

private:
    void check_stdin_options(const BackupSource& source) const;
    void back_up(RepositoryAccess& access, const BackupSource& source);
    void plan(RepositoryAccess& access, const BackupSource& source);
    std::unique_ptr<ImageReader> open(const RepositoryAccess& access, const BackupSource& source);
    BackupRequest request_for(const BackupSource& source, const ImageInfo& info) const;
    void check_unchanged_source(const Catalog& catalog, const BackupSource& source, const BackupRequest& request) const;
    void print_report();

    const Invocation& call_;
    std::vector<BackupSource> sources_;
    std::map<std::string, std::string> tags_;
    ReadErrors read_errors_;
    std::optional<TimeNs> time_;
    ProgressBar progress_;
    BackupReport report_;
    std::vector<SourcePlan> plans_;  ///< of a dry run
};

void BackupCall::check_stdin_options(const BackupSource& source) const {
    if (source.path != "-") return;
    if (call_.arguments.has("dry-run"))
        throw Error(ErrorCode::usage,
                    "what is in standard input is known only when it has been read; leave --dry-run out");
    const auto format = call_.arguments.value("format");
    if ((format && *format != "raw") || call_.arguments.has("snapshot"))
        throw Error(ErrorCode::usage, "standard input is read as raw; leave --format and --snapshot out");
}

/// The sentence, with the source before it unless it names it anyway.
std::string naming(const std::string& path, const std::string& sentence) {
    const std::string shown = escape_for_display(path);
    return sentence.find("'" + shown + "'") != sentence.npos ? sentence : fmt::format("{}: {}", shown, sentence);
}

ExitStatus BackupCall::run() {
    RepositoryAccess access(call_.arguments, progress_);
    for (const BackupSource& source : sources_) {
        try {
            call_.arguments.has("dry-run") ? plan(access, source) : back_up(access, source);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::cancelled) {
                print_report();
                throw;
            }
            progress_.clear();
            call_.console.error(naming(source.path, error.what()));
            report_.failed.push_back({source.path, error.what()});
        }
    }
    print_report();
    if (!report_.failed.empty()) return ExitStatus::failed;
    const auto is_whole = [](const SnapshotRecord& r) { return r.unreadable.empty(); };
    return std::ranges::all_of(report_.snapshots, is_whole) ? ExitStatus::done : ExitStatus::found;
}

void BackupCall::back_up(RepositoryAccess& access, const BackupSource& source) {
    const auto image = open(access, source);
    const BackupRequest request = request_for(source, image->info());
    access.run([&](Repository& repository) {
        check_unchanged_source(repository.catalog, source, request);
        report_.snapshots.push_back(backup(repository, *image, request, progress_, call_.stop));
    });
    if (const auto& unreadable = report_.snapshots.back().unreadable; !unreadable.empty())
        progress_.warn(naming(source.path, unreadable_text(unreadable)));
}

void BackupCall::plan(RepositoryAccess& access, const BackupSource& source) {
    const OpenedImage image = open_image_chain(source.path, image_options(call_.arguments));
    for (const std::string& sentence : image.reader->info().warnings) progress_.warn(sentence);
    const BackupRequest request = request_for(source, image.reader->info());
    access.run([&](Repository& repository) {
        check_unchanged_source(repository.catalog, source, request);
        plans_.push_back({plan_backup(repository.catalog, *image.reader, source.disk, progress_, call_.stop),
                          request.source, image.layers});
    });
}

std::unique_ptr<ImageReader> BackupCall::open(const RepositoryAccess& access, const BackupSource& source) {
    if (source.path == "-") return spool_raw_image(STDIN_FILENO, access.cache_folder(), progress_, call_.stop);
    return apply_read_errors(open_named_image(source.path, call_.arguments, progress_), read_errors_);
}

BackupRequest BackupCall::request_for(const BackupSource& source, const ImageInfo& info) const {
    BackupRequest request;
    request.disk = source.disk;
    request.time = time_ ? *time_ : current_time();
    request.tags = tags_;
    request.source = {recorded_path(source.path), info.format, call_.arguments.value("snapshot").value_or(""),
                      info.state, info.options};
    return request;
}

void BackupCall::check_unchanged_source(const Catalog& catalog, const BackupSource& source,
                                        const BackupRequest& request) const {
    const auto former = catalog.snapshots(source.disk);
    if (former.empty()) return;
    check_same_source(former.back().record, source, request.source,
                      call_.arguments.has("format") ? FormatNamed::by_user : FormatNamed::by_detection);
}

void BackupCall::print_report() {
    progress_.clear();
    const bool as_json = call_.arguments.has("json");
    if (call_.arguments.has("dry-run"))
        call_.console.print(as_json ? json_text(plan_json(plans_, report_.failed)) : plan_text(plans_));
    else if (as_json)
        call_.console.print(json_text(backup_json(report_)));
    else
        call_.console.summary(backup_text(report_));
    call_.console.flush();
}

ExitStatus run_backup(const Invocation& call) { return BackupCall(call).run(); }

std::vector<OptionSpec> option_specs() {
    std::vector<OptionSpec> specs{
        {"disk", 0, "NAME", Repeat::many,
         "name of the disk, e.g. web01/vda; never, or once per source in their order; else the "
         "file name without its last ending"},
        {"tag", 0, "K=V", Repeat::many, "keep this tag with the snapshot"},
        {"time", 0, "T", Repeat::once,
         "time of the snapshot instead of now: 2026-11-20 or 2026-11-20T02:30:15, with Z or an "
         "offset, else local"}};
    specs.push_back({"dry-run", 0, "", Repeat::once, "say what would be read and why; read no data, write nothing"});
    specs.push_back(read_errors_spec());
    for (OptionSpec& spec : image_option_specs()) specs.push_back(std::move(spec));
    return specs;
}

}  // namespace

Verb backup_verb() {
    return {"backup",
            "SOURCE...",
            "take a snapshot of each disk image or device",
            "Reads each SOURCE (a raw or qcow2 image, a block device, or - for raw on standard\n"
            "input) and keeps what the repository does not have yet. Each source is a snapshot of\n"
            "its own; one that fails is named, and the others go on. The disk of a running machine\n"
            "is refused: shut it down, or let it write to an overlay and back up the base.\n"
            "Standard input is kept in a temporary file first, as its size is known only at its\n"
            "end: in $TMPDIR, else in the cache folder; zero blocks take no space there.",
            "varve backup -r /backup/vms --disk web01/vda web01.qcow2",
            {1, operands_unlimited, UsesRepository::yes, option_specs()},
            run_backup};
}

}  // namespace varve
