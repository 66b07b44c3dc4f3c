#include "catalog/catalog_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/hex.h"
#include "engine/base/random.h"

namespace varve {
namespace {

constexpr std::string_view draft_mark = ".draft-";
constexpr int draft_attempts_max = 10;

void make_private_folder(const std::filesystem::path& folder) {
    std::error_code ignored;
    if (folder.empty() || std::filesystem::is_directory(folder, ignored)) return;
    make_private_folder(folder.parent_path());
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        throw io_error(fmt::format("cannot make folder '{}'", folder.string()), errno);
}

enum class StickyBit { is_safe, is_no_help };

/// What is wrong with it: "belongs to user 1000", "is writable for other users (mode 0777)"; nullopt: nothing.
std::optional<std::string> danger_of(const std::filesystem::path& folder, StickyBit sticky) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) return std::nullopt;
    const bool is_sticky = sticky == StickyBit::is_safe && (status.st_mode & S_ISVTX) != 0;
    if (status.st_uid != ::geteuid() && !(is_sticky && status.st_uid == 0))
        return fmt::format("belongs to user {}", status.st_uid);
    if ((status.st_mode & 022) != 0 && !is_sticky)
        return fmt::format("is writable for other users (mode {:04o})", status.st_mode & 07777);
    return std::nullopt;
}

void refuse_dangerous(const std::filesystem::path& folder, StickyBit sticky) {
    const auto danger = danger_of(folder, sticky);
    if (!danger) return;
    throw Error(ErrorCode::refused,
                fmt::format("the cache folder '{}' {}; make it yours alone (chown, chmod go-w) or pass --cache-dir DIR",
                            folder.string(), *danger));
}

std::filesystem::path draft_name(const std::filesystem::path& replaced) {
    std::array<std::byte, 8> suffix{};
    random_bytes(suffix);
    return fmt::format("{}{}{}", replaced.string(), draft_mark, to_hex(suffix));
}

bool is_file_of_catalog(const std::string& name) {
    return name.starts_with("catalog.sqlite") || name == "catalog.lock" || name.starts_with("ids-");
}

/// Files that are not the catalog's (other things that this host remembers of the repository) stay in their place.
void carry_over(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(from, ignored))
        if (!is_file_of_catalog(entry.path().filename().string()))
            std::filesystem::rename(entry.path(), to / entry.path().filename(), ignored);
}

/// Lets two folders swap their names in one step; where the file system cannot, in two.
void swap_names(const std::filesystem::path& draft, const std::filesystem::path& folder) {
    if (::renameat2(AT_FDCWD, draft.c_str(), AT_FDCWD, folder.c_str(), RENAME_EXCHANGE) == 0) return;
    if (errno != EINVAL && errno != ENOSYS)
        throw io_error(fmt::format("cannot replace the catalog '{}'", folder.string()), errno);
    const std::filesystem::path aside = draft_name(folder);
    std::filesystem::rename(folder, aside);
    try {
        std::filesystem::rename(draft, folder);
    } catch (const std::filesystem::filesystem_error&) {
        std::filesystem::rename(aside, folder);
        throw;
    }
    std::filesystem::rename(aside, draft);
}

/// False when another program replaced the catalog in the meantime.
bool try_swap(const std::filesystem::path& draft, const std::filesystem::path& folder) try {
    CatalogLock lock(folder);
    const CatalogLock::Hold hold(lock, CatalogLock::Kind::replace);
    if (!lock.is_in(folder)) return false;
    carry_over(folder, draft);
    sync_folder(draft);
    swap_names(draft, folder);
    return true;
} catch (const std::filesystem::filesystem_error& error) {
    throw io_error(fmt::format("cannot replace the catalog '{}'", folder.string()), error.code().value());
}

/// Holds the draft's lock while it removes it, so that a program that is just making it notices.
bool remove_if_abandoned(const std::filesystem::path& draft) try {
    CatalogLock lock(draft);
    if (!lock.try_keep(CatalogLock::Kind::build)) return false;
    std::error_code ignored;
    std::filesystem::remove_all(draft, ignored);
    return true;
} catch (const Error&) {
    return false;
}

}  // namespace

std::filesystem::path database_file(const std::filesystem::path& folder) { return folder / "catalog.sqlite"; }

void prepare_cache_folder(const std::filesystem::path& folder) {
    make_private_folder(folder);
    refuse_dangerous(folder, StickyBit::is_safe);
}

void prepare_catalog_folder(const std::filesystem::path& folder) {
    prepare_cache_folder(folder.parent_path());
    make_private_folder(folder);
    struct stat status {};
    if (::lstat(folder.c_str(), &status) == 0 && S_ISLNK(status.st_mode))
        throw Error(ErrorCode::refused,
                    fmt::format("the cache folder '{}' is a symbolic link; remove it or pass --cache-dir DIR",
                                folder.string()));
    refuse_dangerous(folder, StickyBit::is_no_help);
}

CatalogDraft::CatalogDraft(const std::filesystem::path& replaced) : replaced_(replaced) {
    remove_abandoned_drafts(replaced);
    for (int attempt = 1; attempt <= draft_attempts_max; ++attempt) {
        folder_ = draft_name(replaced);
        if (::mkdir(folder_.c_str(), 0700) != 0)
            throw io_error(fmt::format("cannot make folder '{}'", folder_.string()), errno);
        if (lock_draft()) return;
    }
    throw Error(ErrorCode::io, fmt::format("cannot make a catalog beside '{}'; try again", replaced.string()));
}

/// False when another program took it for an abandoned one.
bool CatalogDraft::lock_draft() try {
    lock_.emplace(folder_);
    return lock_->try_keep(CatalogLock::Kind::build) && lock_->is_in(folder_);
} catch (const Error& error) {
    if (error.code() == ErrorCode::not_found) return false;
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
    throw;
}

CatalogDraft::~CatalogDraft() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void CatalogDraft::take_place() {
    // After the swap, folder_ names the old catalog, which the destructor removes.
    while (!try_swap(folder_, replaced_)) {
    }
    sync_folder(replaced_.parent_path());
}

std::size_t remove_abandoned_drafts(const std::filesystem::path& folder) {
    std::error_code ignored;
    std::size_t removed = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.parent_path(), ignored)) {
        std::string of;
        if (is_draft_name(entry.path().filename().string(), of) && of == folder.filename() &&
            remove_if_abandoned(entry.path()))
            ++removed;
    }
    return removed;
}

void remove_catalog_folder(const std::filesystem::path& folder) try {
    remove_abandoned_drafts(folder);
    const std::filesystem::path aside = draft_name(folder);
    {
        CatalogLock lock(folder);
        const CatalogLock::Hold hold(lock, CatalogLock::Kind::replace);
        if (lock.is_in(folder)) std::filesystem::rename(folder, aside);
    }
    std::filesystem::remove_all(aside);
    sync_folder(folder.parent_path());
} catch (const Error& error) {
    if (error.code() != ErrorCode::not_found) throw;  // another program was faster
} catch (const std::filesystem::filesystem_error& error) {
    throw io_error(fmt::format("cannot remove the catalog '{}'", folder.string()), error.code().value());
}

bool is_draft_name(const std::string& name, std::string& of) {
    const std::size_t at = name.find(draft_mark);
    if (at == std::string::npos || at == 0) return false;
    of = name.substr(0, at);
    return true;
}

}  // namespace varve
