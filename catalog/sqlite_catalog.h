#pragma once
/// The catalog in a folder of this host: a SQLite database, a lock file, and filters of the id index. What is in them:
/// catalog/SCHEMA.md.

#include <filesystem>
#include <memory>

#include "engine/repository/catalog.h"

namespace varve {

/// Opens the catalog of `repository` in `folder` (a folder of its own), or makes one that stands at `genesis` when
/// there is none; folders get mode 0700, files 0600. Throws Error(catalog_damaged) when what is there is torn, is no
/// catalog, is one of another version or of another repository: remove it and open again. Memory stays below 64 MiB for
/// 16 million chunks.
std::unique_ptr<Catalog> open_sqlite_catalog(const std::filesystem::path& folder, const RepositoryId& repository,
                                             const LogHead& genesis);

/// Removes the catalog in `folder`, if there is one, whatever is in it. A program that still has it open goes on with
/// what it has, unseen by others.
void remove_sqlite_catalog(const std::filesystem::path& folder);

}  // namespace varve
