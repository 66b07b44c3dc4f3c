#pragma once
/// Everything from the log that a catalog's database contains, as lines of text: two catalogs that read the same log
/// yield the same text, whatever else their hosts did. Omits what is specific to a host (uncommitted packs, numbers of
/// packs and runs, checksums, slot tables of condemned packs).

#include <filesystem>
#include <string>

namespace varve {

enum class DumpScope {
    everything,
    without_history,  ///< neither `log` nor facts of condemned packs: what a catalog made from a checkpoint lacks
};

/// Opens the database in `folder` read-only. Throws std::runtime_error.
std::string dump_catalog(const std::filesystem::path& folder, DumpScope scope = DumpScope::everything);

}  // namespace varve
