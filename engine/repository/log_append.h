#pragma once
/// The only way into the log: appends an entry at the next number, recognises it by its nonce when a reply was lost,
/// and then applies it to the catalog. Follows the rules of store/FORMAT.md section 10 ("Who loses the number", "Whose
/// entry is it?", "Visible is not durable") for every kind of entry.

#include <functional>
#include <span>

#include "engine/base/progress.h"
#include "engine/repository/chunk_store.h"
#include "engine/repository/move_table.h"
#include "engine/repository/repository.h"

namespace varve {

/// The content of an entry, and what the catalog needs beside it.
struct NewEntry {
    decltype(LogEntry::body) body;
    std::span<const StoredPack> packs;       ///< slot tables of the packs that the body names
    std::span<const MoveTable> tables = {};  ///< the move tables that the body names, in its order
};

/// Appends the entry and applies it to the catalog; everything that it names is durable beforehand. `check` sees it
/// before every attempt, when the catalog has read all entries so far: it throws when the entry must not be appended
/// (any more), and then nothing is. After Error(io), the entry may or may not be in the log. Once it is there, the call
/// succeeds: a catalog that cannot take it is a warning.
void append_to_log(Repository& repository, NewEntry entry, const std::function<void(const LogEntry&)>& check,
                   Progress& progress);

/// Name and version of this program, as written to entries.
inline constexpr const char* program_name = "varve " VARVE_VERSION;

}  // namespace varve
