#pragma once
/// Everything that the log says, as a catalog's database holds it, in lines of text: two catalogs that read the same
/// log give the same text, whatever else their hosts did. Left out: what is a host's own (uncommitted packs, numbers of
/// packs and runs, checksums, slot tables of condemned packs).

#include <filesystem>
#include <string>

namespace varve {

/// Opens the database in `folder` read-only. Throws std::runtime_error.
std::string dump_catalog(const std::filesystem::path& folder);

}  // namespace varve
