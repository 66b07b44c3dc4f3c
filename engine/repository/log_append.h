#pragma once
/// The one way into the log: an entry at the next number, told apart from others' by its nonce when a reply was lost,
/// and then into the catalog. Keeps the rules of store/FORMAT.md section 10 ("Who loses the number", "Whose entry is
/// it?", "Visible is not durable") for every kind of entry.

#include <functional>
#include <span>

#include "engine/base/progress.h"
#include "engine/repository/chunk_store.h"
#include "engine/repository/move_table.h"
#include "engine/repository/repository.h"

namespace varve {

/// What an entry says, and what the catalog wants to know beside it.
struct NewEntry {
    decltype(LogEntry::body) body;
    std::span<const StoredPack> packs;       ///< slot tables of the packs that the body names
    std::span<const MoveTable> tables = {};  ///< the move tables that the body names, in its order
};

/// Appends the entry and applies it to the catalog; everything that it names is durable before. `check` sees it before
/// every attempt, when the catalog has read all entries so far: it throws when the entry must not be entered (any
/// more), and then nothing was. After Error(io) it is open whether the entry stands.
void append_to_log(Repository& repository, NewEntry entry, const std::function<void(const LogEntry&)>& check,
                   Progress& progress);

/// Name and version of this program, as entries have it.
inline constexpr const char* program_name = "varve " VARVE_VERSION;

}  // namespace varve
