#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "cli/commands/verbs.h"
#include "cli/render/render_snapshot.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/progress_bar.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "engine/naming/snapshot_name.h"
#include "engine/repository/attachment.h"

namespace varve {
namespace {

const Attachment& find_attachment(const SnapshotRecord& snapshot, const std::string& name) {
    const auto found = std::ranges::find(snapshot.attachments, name, &Attachment::name);
    if (found != snapshot.attachments.end()) return *found;
    std::string names;
    for (const Attachment& attachment : snapshot.attachments)
        names += fmt::format("{}'{}'", names.empty() ? "" : ", ", attachment.name);
    throw Error(ErrorCode::not_found, fmt::format("{} has no attachment '{}'; {}", title_of(snapshot), name,
                                                  names.empty() ? "it has none" : "it has " + names));
}

/// Whether a terminal shows the bytes unchanged: UTF-8 without control characters other than newlines and tabs.
bool is_plain_text(std::string_view text) {
    std::string inner(text);
    std::erase_if(inner, [](char c) { return c == '\n' || c == '\r' || c == '\t' || c == '\\'; });
    return escape_for_display(inner) == inner;
}

void print_attachment(Console& console, const std::string& name, const Bytes& bytes) {
    const std::string_view text = text_of(bytes);
    if (::isatty(STDOUT_FILENO) == 1 && !is_plain_text(text))
        throw Error(
            ErrorCode::refused,
            fmt::format("the attachment '{}' is not plain text and would garble the terminal; redirect standard "
                        "output to a file, as in > FILE",
                        name));
    console.print_exactly(text);
}

ExitStatus show_attachment(const Invocation& call, const std::string& snapshot, const std::string& name) {
    if (call.arguments.has("json"))
        throw Error(ErrorCode::usage, "an attachment is printed unchanged; omit --json or --attachment");
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
    if (call.arguments.has("json"))
        print_json(call.console, show_json(snapshot));
    else
        call.console.print(show_text(snapshot));
    return ExitStatus::done;
}

}  // namespace

Verb show_verb() {
    return {"show",
            "SNAP",
            "show everything known about a snapshot",
            "Shows where a snapshot was read from, what it cost, its tags and its root: two\n"
            "snapshots with the same root hold the same bytes. With --attachment, prints only the\n"
            "bytes of one file that was stored with it, such as a machine's XML.",
            "varve show -r /backup/vms web01/vda@latest",
            {1,
             1,
             UsesRepository::yes,
             {{"attachment", 0, "NAME", Repeat::once, "print this attachment on standard output"}}},
            run_show};
}

}  // namespace varve
