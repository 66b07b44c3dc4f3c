#include "cli/repository/cache_folder.h"

#include <cstdlib>

#include <unistd.h>

#include "catalog/catalog_folder.h"
#include "engine/base/error.h"

namespace varve {
namespace {

/// The variable's value; nullopt when it is unset or empty.
std::optional<std::string> environment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
}

std::filesystem::path default_folder() {
    if (::geteuid() == 0) return "/var/cache/varve";
    if (const auto xdg = environment("XDG_CACHE_HOME")) return std::filesystem::path(*xdg) / "varve";
    if (const auto home = environment("HOME")) return std::filesystem::path(*home) / ".cache" / "varve";
    throw Error(ErrorCode::usage,
                "no folder for the catalog: neither XDG_CACHE_HOME nor HOME is set; pass --cache-dir DIR");
}

}  // namespace

std::filesystem::path cache_folder(const Arguments& arguments) {
    if (const auto typed = arguments.value("cache-dir")) return std::filesystem::absolute(*typed);
    if (const auto variable = environment("VARVE_CACHE_DIR")) return std::filesystem::absolute(*variable);
    return default_folder();
}

CatalogPlace catalog_place(const Arguments& arguments, const RepositoryId& repository) {
    try {
        return {cache_folder(arguments) / repository.hex(), {}};
    } catch (const Error& error) {
        return {std::nullopt, error.what()};
    }
}

std::filesystem::path spool_folder(const Arguments& arguments) {
    try {
        const std::filesystem::path folder = cache_folder(arguments);
        prepare_cache_folder(folder);
        if (::access(folder.c_str(), W_OK | X_OK) == 0) return folder;
    } catch (const Error&) {
        // Whatever is wrong with it, the catalog reports it.
    }
    return "/var/tmp";
}

}  // namespace varve
