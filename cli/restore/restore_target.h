#pragma once
/// Where `restore` writes to, in which format, and what it must leave alone.

#include <memory>
#include <optional>
#include <string>

#include "engine/image/image_writer.h"
#include "engine/repository/log_entry.h"
#include "formats/base/option_words.h"
#include "formats/guard/target_rules.h"

namespace varve {

/// What the user said about every image that one call writes.
struct RestoreWishes {
    std::optional<std::string> format;  ///< --format
    OptionMap options;                  ///< -o
    Overwrite overwrite = Overwrite::refuse;
    std::optional<ByteRange> range;  ///< --range: only those bytes of the disk
};

struct RestoreTarget {
    std::string path;  ///< as typed; "-" is standard output
    std::string format;
    OptionMap options;
    ByteCount size;  ///< of the image: the disk's, or that of the range
    Overwrite overwrite = Overwrite::refuse;
    const File* folder = nullptr;  ///< where the last part of path is; null: where path leads. Borrowed

    bool is_file() const;
};

/// Format: as typed, else of a known ending, else that of the snapshot's source (of a range: raw); a device and "-" are
/// raw, and another format typed for them is Error(usage). Options: as typed, and in the source's format as the source
/// had them.
RestoreTarget restore_target(const std::string& path, const RestoreWishes& wishes, const SnapshotRecord& snapshot);

/// The file that is the last part of `path` in `folder`: in the format typed, else that of the snapshot's source.
RestoreTarget restore_target_in(const File& folder, const std::string& path, const RestoreWishes& wishes,
                                const SnapshotRecord& snapshot);

/// Starts the image. Throws what create_image() throws, and Error(refused) for a device that the snapshot was taken of
/// while something else has it open (a file in use is refused by create_image() itself).
std::unique_ptr<ImageWriter> create_restore_target(const RestoreTarget& target, const SnapshotRecord& snapshot);

}  // namespace varve
