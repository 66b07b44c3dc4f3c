#include "tests/model/log.h"

#include <algorithm>

namespace varve::model {
namespace {

std::string list(const std::vector<PackId>& packs) {
    std::string text;
    for (PackId pack : packs) text += (text.empty() ? "" : " ") + std::to_string(pack);
    return text.empty() ? "none" : text;
}

}  // namespace

bool Entry::names(PackId pack) const {
    return std::find(packs.begin(), packs.end(), pack) != packs.end() ||
           std::find(hit_packs.begin(), hit_packs.end(), pack) != hit_packs.end();
}

std::string Entry::text() const {
    std::string text;
    switch (kind) {
        case EntryKind::commit:
            text = "commit S" + std::to_string(snapshot);
            if (parent) text += " on S" + std::to_string(*parent);
            text += " (packs " + list(packs) + "; hits in " + list(hit_packs) + "; map";
            for (Address at : map) text += " " + at.text();
            return text + ")";
        case EntryKind::forget:
            return (by_rules ? "by rules forget S" : "forget S") + std::to_string(snapshot);
        case EntryKind::move:
            text = "move (condemns " + list(condemned) + "; new packs " + list(packs) + "; table";
            for (const Moved& moved : table) text += " " + moved.from.text() + "→" + moved.to.text();
            if (table_pack) text += " in pack " + std::to_string(*table_pack);
            return text + ")";
        case EntryKind::hold:
            return "hold S" + std::to_string(snapshot);
    }
    return text;
}

bool Log::begins_with(const Log& beginning) const {
    if (beginning.size() > size()) return false;
    StateHash here;
    StateHash there;
    for (std::size_t n = 1; n <= beginning.size(); ++n) {
        here.add(at(n));
        there.add(beginning.at(n));
    }
    return here == there;
}

void Entry::add_to(StateHash& hash) const {
    hash.add(static_cast<std::size_t>(kind));
    hash.add(author);
    hash.add(snapshot);
    hash.add(std::size_t{by_rules});
    hash.add(parent);
    hash.add(packs);
    hash.add(hit_packs);
    hash.add(map);
    hash.add(content);
    hash.add(table);
    hash.add(table_pack);
    hash.add(condemned);
}

}  // namespace varve::model
