#pragma once
/// The catalog in a folder of this host: a SQLite database, a lock file, and filters of the id index. Their contents:
/// catalog/SCHEMA.md.

#include <filesystem>
#include <memory>

#include "engine/repository/catalog.h"

namespace varve {

/// Opens the catalog of `repository` in `folder` (a folder of its own), or creates one whose head is `genesis` when
/// there is none; folders get mode 0700, files 0600. Throws Error(catalog_damaged) when what exists is torn, is not a
/// catalog, or is of another version or repository: replace or remove it. Throws Error(refused) for a folder that
/// another user owns or can write to, Error(io) for one that cannot be used. Memory stays below 96 MiB for 16 million
/// chunks.
std::unique_ptr<Catalog> open_sqlite_catalog(const std::filesystem::path& folder, const RepositoryId& repository,
                                             const LogHead& genesis);

/// An empty catalog in this program's memory: for a host without a usable folder, or for one command. Up to 1 GiB.
std::unique_ptr<Catalog> open_memory_catalog(const RepositoryId& repository, const LogHead& genesis);

/// What Catalog::replace() does, for a catalog in `folder` that may be too damaged to be opened, or may not exist.
void replace_sqlite_catalog(const std::filesystem::path& folder, const RepositoryId& repository, const LogHead& genesis,
                            const std::function<void(Catalog& fresh)>& fill);

/// Removes the catalog in `folder`, if there is one, whatever it contains. A program that still has it open continues
/// with its copy, invisible to others.
void remove_sqlite_catalog(const std::filesystem::path& folder);

}  // namespace varve
