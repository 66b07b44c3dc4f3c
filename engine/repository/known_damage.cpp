#include "engine/repository/known_damage.h"

#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/hex.h"
#include "engine/repository/slot.h"

namespace varve {
namespace {

constexpr std::string_view damage_title = "varve: what verify found damaged, version 1";

/// The text up to the next `end`, which is consumed; all of it if there is none.
std::string_view take_until(std::string_view& text, char end) {
    const std::size_t at = text.find(end);
    const std::string_view part = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return part;
}

class DamageLine {
public:
    DamageLine(std::string_view line, std::size_t number, const std::string& object)
        : rest_(line), number_(number), object_(object) {}

    std::string_view word() { return take_until(rest_, ' '); }

    PackId pack() {
        PackId id;
        if (!from_hex(word(), id.bytes)) fail("expected the 32 hex digits of a pack");
        return id;
    }

    std::uint64_t number(std::uint64_t max) {
        const std::string_view digits = word();
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc() || end != digits.data() + digits.size() || value > max) fail("expected a number");
        return value;
    }

    void finish() const {
        if (!rest_.empty()) fail("expected the end of the line");
    }

    [[noreturn]] void fail(const std::string& what) const {
        throw Error(ErrorCode::corrupt, fmt::format("'{}', line {}: {}", object_, number_, what));
    }

private:
    std::string_view rest_;
    std::size_t number_;
    const std::string& object_;
};

}  // namespace

void KnownDamage::replace(const std::set<PackId>& checked, const KnownDamage& found) {
    std::erase_if(packs, [&](const PackId& pack) { return checked.contains(pack); });
    std::erase_if(slots, [&](const ChunkAddress& slot) { return checked.contains(slot.pack); });
    packs.insert(found.packs.begin(), found.packs.end());
    slots.insert(found.slots.begin(), found.slots.end());
    log_entries = found.log_entries;
}

std::string encode(const KnownDamage& damage) {
    std::string text = fmt::format("{}\n", damage_title);
    for (const PackId& pack : damage.packs) text += fmt::format("pack {}\n", pack.hex());
    for (const ChunkAddress& slot : damage.slots) text += fmt::format("slot {} {}\n", slot.pack.hex(), slot.slot);
    for (const LogNumber number : damage.log_entries) text += fmt::format("log {}\n", number);
    return text;
}

KnownDamage parse_known_damage(std::string_view text, const std::string& object) {
    KnownDamage damage;
    std::size_t number = 1;
    if (const std::string_view title = take_until(text, '\n'); title != damage_title)
        DamageLine(title, number, object).fail(fmt::format("expected '{}'", damage_title));
    while (!text.empty()) {
        DamageLine line(take_until(text, '\n'), ++number, object);
        const std::string_view kind = line.word();
        if (kind == "pack")
            damage.packs.insert(line.pack());
        else if (kind == "log")
            damage.log_entries.insert(line.number(std::numeric_limits<LogNumber>::max()));
        else if (kind == "slot") {
            const PackId pack = line.pack();
            damage.slots.insert({pack, static_cast<std::uint32_t>(line.number(slots_per_pack_max - 1))});
        } else
            line.fail("expected 'pack', 'slot' or 'log'");
        line.finish();
    }
    return damage;
}

}  // namespace varve
