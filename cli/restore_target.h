#pragma once
/// Where `restore` writes to, in which format, and what it must leave alone.

#include <memory>
#include <optional>
#include <string>

#include "engine/image_writer.h"
#include "engine/log_entry.h"
#include "formats/target_rules.h"

namespace varve {

struct RestoreTarget {
    std::string path;  ///< as typed; "-" is standard output
    std::string format;
    Overwrite overwrite = Overwrite::refuse;
};

/// Format: as typed, else of a known ending, else that of the snapshot's source; a device and "-" are raw, and another
/// format typed for them is Error(usage).
RestoreTarget restore_target(const std::string& path, const std::optional<std::string>& format, Overwrite overwrite,
                             const SnapshotRecord& snapshot);

/// Starts the image. Throws what create_image() throws, and Error(refused) for a device that the snapshot was taken of
/// while something else has it open (a file in use is refused by create_image() itself).
std::unique_ptr<ImageWriter> create_restore_target(const RestoreTarget& target, const SnapshotRecord& snapshot);

}  // namespace varve
