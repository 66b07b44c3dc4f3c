#include "cli/render/render_restore.h"

#include <fmt/format.h>

#include "cli/render/render_finding.h"
#include "cli/render/render_snapshot.h"
#include "cli/terminal/human_size.h"
#include "cli/terminal/safe_text.h"
#include "engine/base/escape.h"

namespace varve {
namespace {

Json restored_attachments_json(const std::vector<RestoredAttachment>& attachments) {
    Json json = Json::array();
    for (const RestoredAttachment& attachment : attachments) {
        Json one;
        one["name"] = attachment.name;
        one["target"] = attachment.path;
        one["size"] = attachment.size.value;
        json.push_back(std::move(one));
    }
    return json;
}

Json restored_disk_json(const RestoredDisk& disk) {
    const ByteRange range = disk.range.value_or(ByteRange{{}, disk.snapshot.size});
    Json json;
    json["snapshot"] = disk.snapshot.id.hex();
    json["disk"] = disk.snapshot.disk;
    json["offset"] = range.begin.value;
    json["length"] = range.length.value;
    json["target"] = disk.path;
    json["target_format"] = disk.format;
    json["bytes_written"] = disk.bytes_written.value;
    json["seconds"] = json_seconds(disk.duration);
    return json;
}

std::vector<const Finding*> pointers_to(const std::vector<Finding>& findings) {
    std::vector<const Finding*> pointers;
    pointers.reserve(findings.size());
    for (const Finding& finding : findings) pointers.push_back(&finding);
    return pointers;
}

/// What is missing from the files that were written, and the files that are missing.
std::vector<Finding> all_damage(const RestoredFiles& files) {
    std::vector<Finding> all;
    for (const RestoredDisk& disk : files.disks) all.insert(all.end(), disk.damage.begin(), disk.damage.end());
    all.insert(all.end(), files.lost_attachments.begin(), files.lost_attachments.end());
    return all;
}

std::string restored_text(const RestoredDisk& disk) {
    std::string out = fmt::format("restored {}\n", title_of(disk.snapshot));
    if (disk.range)
        out += fmt::format("  {} at offset {} of {} bytes\n", human_size(disk.range->length), disk.range->begin.value,
                           disk.snapshot.size.value);
    out += fmt::format("  to {} as {}\n  {} written in {}\n", escape_for_display(disk.path),
                       escape_for_display(disk.format), human_size(disk.bytes_written),
                       human_seconds(std::chrono::duration<double>(disk.duration).count()));
    if (!disk.damage.empty())
        out += fmt::format("  damaged, and zeros there: {}\n", damage_text(pointers_to(disk.damage)));
    return out;
}

}  // namespace

std::string planned_text(const RestoredFiles& files) {
    std::string out;
    for (const RestoredDisk& disk : files.disks)
        out += fmt::format("would restore {}\n  to {} as {}\n", title_of(disk.snapshot), escape_for_display(disk.path),
                           escape_for_display(disk.format));
    for (const RestoredAttachment& attachment : files.attachments)
        out += fmt::format("would restore the attachment {} ({})\n  to {}\n", escape_for_display(attachment.name),
                           human_size(attachment.size), escape_for_display(attachment.path));
    return out;
}

std::string restored_text(const RestoredFiles& files) {
    std::string out;
    for (const RestoredDisk& disk : files.disks) out += restored_text(disk);
    for (const RestoredAttachment& attachment : files.attachments)
        out += fmt::format("attachment {} ({})\n  to {}\n", escape_for_display(attachment.name),
                           human_size(attachment.size), escape_for_display(attachment.path));
    for (const Finding& finding : files.lost_attachments)
        out += fmt::format("not restored: {}\n", safe_sentence(finding.message));
    return out;
}

Json restored_json(const RestoredFiles& files, const std::optional<RestoredGroup>& group) {
    Json json;
    json["group"] = group ? Json(group->name) : Json(nullptr);
    json["forgotten"] = group ? Json(group->forgotten) : Json::array();
    json["disks"] = Json::array();
    for (const RestoredDisk& disk : files.disks) json["disks"].push_back(restored_disk_json(disk));
    json["attachments"] = restored_attachments_json(files.attachments);
    json["findings"] = findings_json(all_damage(files));
    json["stopped"] = files.is_stopped;
    json["not_restored"] = files.not_restored;
    return json;
}

}  // namespace varve
