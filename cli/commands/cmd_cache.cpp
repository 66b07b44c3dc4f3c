#include <fmt/format.h>

#include "cli/commands/verbs.h"
#include "cli/repository/cache_folder.h"
#include "cli/repository/cached_catalogs.h"
#include "cli/terminal/human_size.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/table.h"
#include "engine/base/escape.h"

namespace varve {
namespace {

std::string_view name_of(RepositoryState state) {
    switch (state) {
        case RepositoryState::present:
            return "present";
        case RepositoryState::gone:
            return "gone";
        case RepositoryState::unknown:
            break;
    }
    return "unknown";
}

std::string location_text(const CachedCatalog& catalog) {
    if (catalog.locations.empty()) return "-";
    const std::size_t more = catalog.locations.size() - 1;
    return escape_for_display(catalog.locations.back()) + (more == 0 ? "" : fmt::format(" (and {} more)", more));
}

Json catalog_json(const CachedCatalog& catalog) {
    Json json;
    json["repository"] = catalog.repository;
    json["locations"] = Json::array();
    for (const std::string& location : catalog.locations) json["locations"].push_back(location);
    json["size"] = catalog.bytes.value;
    json["state"] = name_of(catalog.state);
    return json;
}

std::string catalogs_text(const std::vector<CachedCatalog>& catalogs) {
    Table table({{"CATALOG OF"}, {"SIZE", Table::Align::right}, {"STATE"}, {"LAST SEEN AT"}});
    for (const CachedCatalog& catalog : catalogs)
        table.add({catalog.repository, human_size(catalog.bytes), std::string(name_of(catalog.state)),
                   location_text(catalog)});
    return table.text();
}

/// What a cleanup removed.
struct Cleanup {
    std::vector<CachedCatalog> catalogs;
    std::size_t drafts = 0;

    ByteCount bytes() const {
        ByteCount sum;
        for (const CachedCatalog& catalog : catalogs) sum += catalog.bytes;
        return sum;
    }
};

Cleanup clean_up(const std::filesystem::path& folder, const std::vector<CachedCatalog>& catalogs) {
    Cleanup done;
    done.drafts = remove_abandoned_catalogs(folder);
    for (const CachedCatalog& catalog : catalogs) {
        if (catalog.state != RepositoryState::gone) continue;
        remove_cached_catalog(catalog);
        done.catalogs.push_back(catalog);
    }
    return done;
}

std::string cleanup_text(const Cleanup& done) {
    std::string out;
    for (const CachedCatalog& catalog : done.catalogs)
        out += fmt::format("removed the catalog of {}, last seen at {}\n", catalog.repository, location_text(catalog));
    if (done.drafts > 0)
        out += fmt::format("removed {} of killed programs\n", counted(done.drafts, "unfinished catalog"));
    return out + fmt::format("{} freed\n", human_size(done.bytes()));
}

ExitStatus run_cache(const Invocation& call) {
    const std::filesystem::path folder = cache_folder(call.arguments);
    const std::vector<CachedCatalog> catalogs = cached_catalogs(folder);
    const bool is_cleanup = call.arguments.has("cleanup");
    const Cleanup done = is_cleanup ? clean_up(folder, catalogs) : Cleanup();
    if (!call.arguments.has("json")) {
        if (is_cleanup)
            call.console.summary(cleanup_text(done));
        else
            call.console.print(catalogs_text(catalogs));
        return ExitStatus::done;
    }
    Json json;
    json["folder"] = folder.string();
    for (const auto& [name, list] : {std::pair{"catalogs", &catalogs}, std::pair{"removed", &done.catalogs}}) {
        json[name] = Json::array();
        for (const CachedCatalog& catalog : *list) json[name].push_back(catalog_json(catalog));
    }
    json["unfinished_removed"] = done.drafts;
    print_json(call.console, json);
    return ExitStatus::done;
}

}  // namespace

Verb cache_verb() {
    return {"cache",
            "",
            "show or clean up this host's catalogs of repositories",
            "Lists the catalogs in the cache folder: a catalog is what this host remembers of a\n"
            "repository. Its state is `present` if the repository is still where it was seen, `gone`\n"
            "if nowhere, and `unknown` if that cannot be determined. With --cleanup, removes those of\n"
            "repositories that are gone, and unfinished ones of killed programs. Nothing is lost: if\n"
            "a repository comes back (a disk that was not mounted), its catalog is made again.",
            "varve cache --cleanup",
            {0,
             0,
             UsesRepository::no,
             {{"cleanup", 0, "", Repeat::once, "remove the catalogs of repositories that are gone"},
              {"cache-dir", 0, "DIR", Repeat::once, "the cache folder, as for every other command"}}},
            run_cache};
}

}  // namespace varve
