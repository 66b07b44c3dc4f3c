#pragma once
/// What a backup of a disk is based on. A plain value.

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/change/change_map.h"
#include "engine/repository/catalog.h"
#include "engine/repository/change_detection.h"

namespace varve {

struct BackupParent {
    std::optional<ListedSnapshot> snapshot;  ///< none: a first backup
    std::unique_ptr<ChangeMap> changes;      ///< compares the source with the snapshot; null: everything is read
    std::uint32_t audit_chunks = 0;          ///< how many chunks that `changes` reports unchanged are verified
    ChangeDetection detection;
};

}  // namespace varve
