#include "cli/backup/source_opener.h"

#include <fmt/format.h>

#include "cli/backup/clock_check.h"
#include "cli/backup/disk_mixup.h"
#include "cli/backup/spool.h"
#include "cli/options/image_options.h"
#include "cli/options/recorded_mode.h"
#include "cli/options/source_path.h"
#include "cli/options/tag_options.h"
#include "engine/backup/change_policy.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "engine/base/number_text.h"
#include "engine/base/timestamp.h"
#include "formats/appliance/package_reader.h"

namespace varve {
namespace {

/// Snapshots hold valid text only: anything that is not UTF-8 is recorded escaped.
std::string recorded_text(const std::string& text) { return is_valid_utf8(text) ? text : escape_for_display(text); }

/// Snapshot times are whole seconds: otherwise the active state could seem older than a snapshot taken just before.
TimeNs whole_seconds(TimeNs time) {
    constexpr TimeNs second = 1'000'000'000;
    return (time >= 0 ? time : time - (second - 1)) / second * second;
}

std::vector<FileToAttach> files_of_package(const appliance::PackageReader& package, Progress& progress) {
    std::vector<std::string> warnings;
    std::vector<FileToAttach> files = package.small_files(warnings);
    for (const std::string& sentence : warnings) progress.warn(sentence);
    return files;
}

std::uint32_t parse_audit(const std::string& word) {
    constexpr std::uint32_t chunks_max = 1'000'000;
    const auto chunks = parse_number<std::uint32_t>(word);
    if (chunks && *chunks <= chunks_max) return *chunks;
    throw Error(ErrorCode::usage, fmt::format("--audit: '{}' is not a number from 0 to {}", word, chunks_max));
}

}  // namespace

std::string id_name(const ImageSnapshot& snapshot) { return "id:" + snapshot.id; }

SourceOpener::SourceOpener(const Invocation& call, Progress& progress)
    : call_(call),
      progress_(progress),
      options_(image_options(call)),
      tags_(parse_tags(call.arguments.values("tag"), "--tag")),
      read_errors_(read_errors_of(call.arguments)),
      now_(current_time()) {
    if (const auto time = call.arguments.value("time")) time_ = parse_time(*time);
    if (time_ && !call.arguments.has("force")) refuse_time_ahead(*time_, now_);
    if (const auto chunks = call.arguments.value("audit")) audit_chunks_ = parse_audit(*chunks);
    if (!is_valid_utf8(options_.image.snapshot.value_or("")))
        throw Error(ErrorCode::usage, "the name after --snapshot is not valid UTF-8; pass id:N instead");
}

OpenedSource SourceOpener::open(const NamedSource& source, const std::filesystem::path& spool_folder) const {
    const TimeNs time = time_.value_or(now_);
    OpenOptions options = options_;
    if (source.member) options.package.member = source.member;
    if (source.is_pipe()) {
        File input = spool(source.path, spool_folder, progress_, call_.stop);
        return described(source, open_piped_image(std::move(input), options, progress_), time);
    }
    OpenedSource input = open_image(source, options, time);
    input.request.source.snapshot = recorded_text(options_.image.snapshot.value_or(""));
    return input;
}

OpenedSource SourceOpener::open_snapshot(const OpenedSource& input, const ImageSnapshot& snapshot) const {
    OpenOptions options = input.opened_as;
    options.image.snapshot = id_name(snapshot);
    OpenedSource opened = open_image(input.source, options, whole_seconds(snapshot.time_ns));
    opened.request.source.snapshot = recorded_text(snapshot.name);
    warn_of_time_ahead(opened.request, now_, progress_);
    return opened;
}

OpenedSource SourceOpener::open_image(const NamedSource& source, const OpenOptions& options, TimeNs time) const {
    OpenedImage image = options.image.same_file ? open_image_chain(source.path, options)  // has warned before
                                                : open_named_image(source.path, options, progress_);
    OpenedSource input = described(source, std::move(image), time);
    input.opened_as = options;
    input.opened_as.image.same_file = input.layers.front().identity;
    return input;
}

OpenedSource SourceOpener::described(const NamedSource& source, OpenedImage image, TimeNs time) const {
    OpenedSource input;
    input.source = source;
    const ImageInfo& info = image.reader->info();
    input.request.disk = source.disk;
    input.request.time = time;
    input.request.tags = tags_;
    input.request.source = {recorded_path(source.path), info.format, "", info.state, info.options};
    record_mode(source.path, input.request.source.options);
    if (info.virtual_size.value == 0)
        progress_.warn(fmt::format("'{}' has 0 bytes: an empty disk is backed up", source.path));
    if (image.package) {
        input.request.source.path += '/' + recorded_text(image.member);
        input.attachments = files_of_package(*image.package, progress_);
    }
    input.request.audit_chunks = audit_chunks_;
    input.layers = std::move(image.layers);
    input.change_source = std::move(image.changes);
    input.request.change_source = input.change_source.get();
    if (input.change_source) input.request.change_token = input.change_source->token();
    input.image = apply_read_errors(std::move(image.reader), read_errors_);
    return input;
}

void SourceOpener::check_fits(const Repository& repository, const OpenedSource& input) const {
    const Catalog& catalog = repository.catalog;
    const NamedByUser named{input.source.named == DiskNamed::by_user, call_.arguments.has("format")};
    check_same_source(catalog, input.request, named);
    if (!time_) warn_of_clock_behind(catalog, input.request, progress_);
    warn_of_mixup(repository, input.request, *input.image, progress_);
}

}  // namespace varve
