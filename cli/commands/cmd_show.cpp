#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "cli/render/render_snapshot.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/progress_bar.h"
#include "cli/verbs.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "engine/naming/snapshot_name.h"
#include "engine/repository/attachment.h"

namespace varve {
namespace {

const Attachment& find_attachment(const SnapshotRecord& snapshot, const std::string& name) {
    const auto found = std::ranges::find(snapshot.attachments, name, &Attachment::name);
    if (found != snapshot.attachments.end()) return *found;
    std::string there;
    for (const Attachment& attachment : snapshot.attachments)
        there += fmt::format("{}'{}'", there.empty() ? "" : ", ", escape_for_display(attachment.name));
    throw Error(ErrorCode::not_found,
                fmt::format("{} has no attachment '{}'; {}", title_of(snapshot), escape_for_display(name),
                            there.empty() ? "it has none" : "it has " + there));
}

/// Whether a terminal shows the bytes as they are: UTF-8 without control characters but for ends of lines and tabs.
bool is_plain_text(std::string_view text) {
    std::string inner(text);
    std::erase_if(inner, [](char c) { return c == '\n' || c == '\r' || c == '\t' || c == '\\'; });
    return escape_for_display(inner) == inner;
}

void print_attachment(Console& console, const std::string& name, const Bytes& bytes) {
    const std::string_view text = text_of(bytes);
    if (::isatty(STDOUT_FILENO) == 1 && !is_plain_text(text))
        throw Error(ErrorCode::refused,
                    fmt::format("the attachment '{}' is no plain text and would garble the terminal; send standard "
                                "output to a file, as in > FILE",
                                escape_for_display(name)));
    console.print(text);
}

ExitStatus show_attachment(const Invocation& call, const std::string& snapshot, const std::string& name) {
    if (call.arguments.has("json"))
        throw Error(ErrorCode::usage, "an attachment is printed as it is; leave --json or --attachment out");
    ProgressBar progress(call.console, BarMode::never);
    RepositoryAccess access(call.arguments, progress);
    Bytes bytes;
    access.run([&](Repository& repository) {
        const ListedSnapshot found = find_snapshot(repository.catalog, snapshot);
        bytes = read_attachment(repository.chunks, find_attachment(found.record, name));
    });
    print_attachment(call.console, name, bytes);
    return ExitStatus::done;
}

ExitStatus run_show(const Invocation& call) {
    const std::string& name = call.arguments.operands()[0];
    parse_snapshot_name(name);
    if (const auto attachment = call.arguments.value("attachment")) return show_attachment(call, name, *attachment);
    ProgressBar progress(call.console, BarMode::never);
    RepositoryAccess access(call.arguments, progress);
    ListedSnapshot snapshot;
    access.run([&](Repository& repository) { snapshot = find_snapshot(repository.catalog, name); });
    call.console.print(call.arguments.has("json") ? json_text(show_json(snapshot)) : show_text(snapshot));
    return ExitStatus::done;
}

}  // namespace

Verb show_verb() {
    return {"show",
            "SNAP",
            "show all that is known of one snapshot",
            "Shows where a snapshot was read from, what it cost, its tags and its root: two\n"
            "snapshots with one root hold the same bytes. With --attachment prints the bytes of\n"
            "one small file that was kept with it, such as a machine's XML, and nothing else.",
            "varve show -r /backup/vms web01/vda@latest",
            {1,
             1,
             UsesRepository::yes,
             {{"attachment", 0, "NAME", Repeat::once, "print this attachment on standard output"}}},
            run_show};
}

}  // namespace varve
