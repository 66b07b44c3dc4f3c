#include "engine/repository/known_damage.h"

#include <limits>

#include <fmt/format.h>

#include "engine/base/text_line.h"
#include "engine/repository/slot.h"

namespace varve {
namespace {

constexpr std::string_view damage_title = "varve: what verify found damaged, version 1";

PackId pack_word(TextLine& line) {
    PackId id;
    line.hex(id.bytes, "a pack");
    return id;
}

}  // namespace

bool KnownDamage::touches(const PackId& pack) const {
    const auto slot = slots.lower_bound({pack, 0});
    return (slot != slots.end() && slot->pack == pack) || packs.contains(pack) || blemished.contains(pack);
}

void KnownDamage::replace(const std::set<PackId>& checked, const KnownDamage& found) {
    std::erase_if(packs, [&](const PackId& pack) { return checked.contains(pack); });
    std::erase_if(slots, [&](const ChunkAddress& slot) { return checked.contains(slot.pack); });
    std::erase_if(blemished, [&](const PackId& pack) { return checked.contains(pack); });
    packs.insert(found.packs.begin(), found.packs.end());
    slots.insert(found.slots.begin(), found.slots.end());
    blemished.insert(found.blemished.begin(), found.blemished.end());
    log_entries = found.log_entries;
}

std::string encode(const KnownDamage& damage) {
    std::string text = fmt::format("{}\n", damage_title);
    for (const PackId& pack : damage.packs) text += fmt::format("pack {}\n", pack.hex());
    for (const ChunkAddress& slot : damage.slots) text += fmt::format("slot {} {}\n", slot.pack.hex(), slot.slot);
    for (const PackId& pack : damage.blemished) text += fmt::format("blemish {}\n", pack.hex());
    for (const LogNumber number : damage.log_entries) text += fmt::format("log {}\n", number);
    return text;
}

KnownDamage parse_known_damage(std::string_view text, const std::string& object) {
    KnownDamage damage;
    for_each_line(text, damage_title, object, [&](TextLine& line) {
        const std::string_view kind = line.word();
        if (kind == "pack")
            damage.packs.insert(pack_word(line));
        else if (kind == "blemish")
            damage.blemished.insert(pack_word(line));
        else if (kind == "log")
            damage.log_entries.insert(line.number(std::numeric_limits<LogNumber>::max()));
        else if (kind == "slot") {
            const PackId pack = pack_word(line);
            damage.slots.insert({pack, static_cast<std::uint32_t>(line.number(slots_per_pack_max - 1))});
        } else
            line.fail("expected 'pack', 'slot', 'blemish' or 'log'");
    });
    return damage;
}

}  // namespace varve
