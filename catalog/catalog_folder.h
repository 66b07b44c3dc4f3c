#pragma once
/// The folder of one catalog, and the drafts beside it: a new catalog is made in a folder of its own, named after the
/// one that it will replace, and takes its name at once when it is whole. Contents: catalog/SCHEMA.md.

#include <filesystem>
#include <optional>
#include <string>

#include "catalog/catalog_lock.h"

namespace varve {

std::filesystem::path database_file(const std::filesystem::path& folder);

/// Creates the folder of all catalogs, and missing parents, with mode 0700. Throws Error(refused) when it belongs to
/// another user or is writable for others: what they could write there would be believed. (With the sticky bit, as of
/// /tmp, it is safe: no one else can replace what is in it.)
void prepare_cache_folder(const std::filesystem::path& folder);

/// The same for the folder of one catalog, which is in there.
void prepare_catalog_folder(const std::filesystem::path& folder);

/// A folder for a catalog that is being made. Removed with this object, unless it took another's place.
class CatalogDraft {
public:
    /// Also removes the drafts of the same catalog that killed programs left behind.
    explicit CatalogDraft(const std::filesystem::path& replaced);
    ~CatalogDraft();
    CatalogDraft(const CatalogDraft&) = delete;
    CatalogDraft& operator=(const CatalogDraft&) = delete;

    const std::filesystem::path& folder() const { return folder_; }

    /// Gives it the name of the one that it replaces, in one step and durably; then removes that. Programs that have
    /// the old one open continue with it. Call it when no connection of this process is open in the draft.
    void take_place();

private:
    bool lock_draft();

    std::filesystem::path replaced_;
    std::filesystem::path folder_;
    std::optional<CatalogLock> lock_;
};

/// Removes the folders of drafts of the catalog in `folder` whose programs are gone; returns how many.
std::size_t remove_abandoned_drafts(const std::filesystem::path& folder);

/// Removes the folder and its drafts. A program that has the catalog open continues with it.
void remove_catalog_folder(const std::filesystem::path& folder);

/// Whether a name in the cache folder is that of a draft; then `of` is the name of the catalog.
bool is_draft_name(const std::string& name, std::string& of);

}  // namespace varve
