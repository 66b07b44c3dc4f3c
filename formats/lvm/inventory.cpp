#include "formats/lvm/inventory.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "formats/lvm/metadata_area.h"
#include "formats/lvm/volume_group_parser.h"

namespace varve::lvm {
namespace {

using VolumeIndex = std::size_t;  ///< in the list of physical volumes

/// A metadata text, kept once however many areas hold it.
struct FoundText {
    std::shared_ptr<const VolumeGroup> group;
    std::string place;
    std::vector<VolumeIndex> holders;
};

/// Why something could not be read, and on which physical volume.
struct Problem {
    VolumeIndex volume = 0;
    Error error;
};

std::string title_of(const VolumeGroup& group) { return fmt::format("volume group '{}'", group.name); }

void refuse_copies(const std::vector<PhysicalVolume>& volumes) {
    std::map<std::string_view, const PhysicalVolume*> by_uuid;
    for (const PhysicalVolume& volume : volumes) {
        const auto [other, is_new] = by_uuid.emplace(volume.uuid, &volume);
        if (!is_new)  // the uuid is raw bytes, escaped because a message ends at a NUL
            throw Error(
                ErrorCode::refused,
                fmt::format("{} and {} have the same physical volume uuid, {}: one is a copy of the other, or one "
                            "disk was specified twice; specify only one of them",
                            other->second->place(), volume.place(), escape_for_display(volume.uuid)));
    }
}

/// All metadata texts of the physical volumes, each parsed once.
class TextSearch {
public:
    void search(const PhysicalVolume& volume, VolumeIndex index) {
        for (const ByteRange& area : volume.label.metadata_areas) {
            try {
                if (const auto text = read_metadata_text(volume.device, area)) add(*text, index);
            } catch (const Error& e) {
                problems.push_back({index, e});
            }
        }
    }

    std::vector<FoundText> texts;
    std::vector<Problem> problems;

private:
    void add(const MetadataText& text, VolumeIndex index) {
        const auto [known, is_new] = by_digest_.emplace(sha256(bytes_of(text.text)), texts.size());
        if (is_new) {
            texts.push_back({nullptr, text.place, {}});
            const VolumeGroup group = parse_volume_group(text.text, "metadata text on " + text.place);
            texts.back().group = std::make_shared<VolumeGroup>(group);
        }
        texts[known->second].holders.push_back(index);
    }

    std::map<Digest, std::size_t> by_digest_;
};

class InventoryTaker {
public:
    explicit InventoryTaker(std::vector<PhysicalVolume> volumes) : volumes_(std::move(volumes)) {}

    Inventory take() {
        refuse_copies(volumes_);
        for (VolumeIndex i = 0; i < volumes_.size(); ++i) search_.search(volumes_[i], i);
        choose_texts();
        find_claims();
        for (const FoundText* text : newest_) out_.groups.push_back(found_group(*text));
        report_problems();
        collect_orphans();
        return std::move(out_);
    }

private:
    /// The newest text of each group, sorted by name, then uuid.
    void choose_texts() {
        std::map<std::string, std::vector<const FoundText*>> by_uuid;
        for (const FoundText& text : search_.texts) {
            if (text.group)
                by_uuid[text.group->uuid].push_back(&text);
            else
                unreadable_.insert(text.holders.begin(), text.holders.end());
        }
        for (const Problem& problem : search_.problems) unreadable_.insert(problem.volume);
        for (auto& [uuid, texts] : by_uuid) {
            const auto is_newer = [](const FoundText* a, const FoundText* b) {
                return a->group->seqno > b->group->seqno;
            };
            std::stable_sort(texts.begin(), texts.end(), is_newer);
            if (has_contradiction(texts)) continue;
            newest_.push_back(texts.front());
            older_[texts.front()].assign(texts.begin() + 1, texts.end());
        }
        std::sort(newest_.begin(), newest_.end(), [](const FoundText* a, const FoundText* b) {
            return std::tie(a->group->name, a->group->uuid) < std::tie(b->group->name, b->group->uuid);
        });
    }

    /// Whether two different texts of a group are both the newest, which is recorded as a problem.
    bool has_contradiction(const std::vector<const FoundText*>& texts) {
        const FoundText& first = *texts.front();
        for (const FoundText* text : texts) {
            if (text->group->seqno != first.group->seqno || *text->group == *first.group) continue;
            for (const FoundText* of_group : texts)
                unreadable_.insert(of_group->holders.begin(), of_group->holders.end());
            search_.problems.push_back(
                {first.holders.front(),
                 Error(ErrorCode::refused,
                       fmt::format("the metadata of {} on {} and on {} differ, although both have seqno {}, so it is "
                                   "unclear which is right; specify only disks that belong together",
                                   title_of(*first.group), first.place, text->place, first.group->seqno))});
            return true;
        }
        return false;
    }

    void find_claims() {
        for (const FoundText* text : newest_)
            for (const PhysicalVolumeEntry& entry : text->group->physical_volumes) claims_[entry.uuid].push_back(text);
        for (VolumeIndex i = 0; i < volumes_.size(); ++i) by_uuid_[volumes_[i].uuid] = i;
        for (const FoundText& text : search_.texts)
            if (text.group)
                for (const VolumeIndex holder : text.holders) home_[holder] = text.group->uuid;
    }

    FoundGroup found_group(const FoundText& text) {
        FoundGroup found;
        found.group = *text.group;
        for (const PhysicalVolumeEntry& entry : found.group.physical_volumes)
            found.volumes.push_back(volume_of(entry, text, found.warnings));
        if (found.group.is_exported())
            found.warnings.push_back(title_of(found.group) +
                                     " is exported: LVM does not activate it, but varve reads it");
        for (const FoundText* older : older_[&text])
            for (const VolumeIndex holder : older->holders)
                found.warnings.push_back(fmt::format(
                    "{} has metadata of {} with seqno {}, the newest has {}: a change was interrupted, or the "
                    "disk was missing for a while; using the newest",
                    volumes_[holder].place(), title_of(found.group), older->group->seqno, found.group.seqno));
        return found;
    }

    std::optional<PhysicalVolume> volume_of(const PhysicalVolumeEntry& entry, const FoundText& text,
                                            std::vector<std::string>& warnings) {
        const auto found = by_uuid_.find(entry.uuid);
        const std::string who =
            fmt::format("physical volume '{}' ({}) of {}", entry.name, entry.uuid, title_of(*text.group));
        if (found == by_uuid_.end()) {
            warnings.push_back(who + " is missing");
            return std::nullopt;
        }
        const PhysicalVolume& volume = volumes_[found->second];
        if (!belongs_to(found->second, entry, text)) {
            warnings.push_back(fmt::format(
                "{} is {}, but another volume group lists it too: treating it as missing here", who, volume.place()));
            return std::nullopt;
        }
        if (entry.is_marked_missing)
            warnings.push_back(
                fmt::format("{} is marked as missing, but was found: {}; its contents may be older than the rest of "
                            "the group",
                            who, volume.place()));
        warn_if_short(entry, text, volume, who, warnings);
        return volume;
    }

    /// If several groups list a physical volume, it belongs to the one whose text it holds itself, or else to none.
    bool belongs_to(VolumeIndex index, const PhysicalVolumeEntry& entry, const FoundText& text) const {
        const std::vector<const FoundText*>& claims = claims_.at(entry.uuid);
        if (claims.size() == 1) return true;
        const auto home = home_.find(index);
        return home != home_.end() && home->second == text.group->uuid;
    }

    static void warn_if_short(const PhysicalVolumeEntry& entry, const FoundText& text, const PhysicalVolume& volume,
                              const std::string& who, std::vector<std::string>& warnings) {
        const std::uint64_t end = entry.first_extent.value + entry.extent_count * text.group->extent_size.value;
        if (end > volume.device->size().value)
            warnings.push_back(fmt::format("{} ends at byte {}, but {} has only {} bytes", who, end, volume.place(),
                                           volume.device->size().value));
    }

    /// Reports a problem as a warning of the group that lists the physical volume, or else of the whole inventory; if
    /// no group was found, throws it.
    void report_problems() {
        for (const Problem& problem : search_.problems) {
            const auto claim = claims_.find(volumes_[problem.volume].uuid);
            if (claim == claims_.end()) {
                if (newest_.empty()) throw problem.error;
                out_.warnings.emplace_back(problem.error.what());
                continue;
            }
            const auto group = std::find(newest_.begin(), newest_.end(), claim->second.front());
            out_.groups[static_cast<std::size_t>(group - newest_.begin())].warnings.emplace_back(problem.error.what());
        }
    }

    void collect_orphans() {
        for (VolumeIndex i = 0; i < volumes_.size(); ++i) {
            PhysicalVolume& volume = volumes_[i];
            out_.warnings.insert(out_.warnings.end(), volume.warnings.begin(), volume.warnings.end());
            if (claims_.contains(volume.uuid)) continue;
            if (unreadable_.contains(i)) continue;
            if (volume.label.is_in_use())
                out_.warnings.push_back(
                    volume.place() +
                    " is marked as used by a volume group, but no metadata lists it; specify the group's "
                    "other disks too");
            out_.orphans.push_back(std::move(volume));
        }
    }

    std::vector<PhysicalVolume> volumes_;
    TextSearch search_;
    std::vector<const FoundText*> newest_;  // in the order of out_.groups
    std::map<const FoundText*, std::vector<const FoundText*>> older_;
    std::map<std::string, std::vector<const FoundText*>> claims_;  // by uuid of the physical volume
    std::map<std::string, VolumeIndex> by_uuid_;
    std::map<VolumeIndex, std::string> home_;  // uuid of the group whose text the volume holds
    std::set<VolumeIndex> unreadable_;         // in a group, but their metadata does not show which
    Inventory out_;
};

}  // namespace

bool FoundGroup::is_complete() const {
    return std::all_of(volumes.begin(), volumes.end(), [](const auto& volume) { return volume.has_value(); });
}

Inventory take_inventory(std::vector<PhysicalVolume> volumes) { return InventoryTaker(std::move(volumes)).take(); }

}  // namespace varve::lvm
