#pragma once
/// Where `restore` writes to, in which format, and what it must leave alone.

#include <memory>
#include <optional>
#include <string>

#include "cli/restore/free_space.h"
#include "engine/base/progress.h"
#include "engine/image/image_writer.h"
#include "engine/jobs/restore.h"
#include "engine/repository/log_entry.h"
#include "formats/base/option_words.h"
#include "formats/crypt/secret_file.h"
#include "formats/guard/target_rules.h"
#include "formats/output/output_device.h"

namespace varve {

/// Permissions of what is restored: a disk and a machine's configuration hold secrets.
inline constexpr mode_t restored_mode = 0600;

enum class RestoreMode {
    owner_only,  ///< restored_mode
    recorded,    ///< --keep-mode: those of the file that was backed up, where they are recorded
};

/// What the user specified for every image that one call writes.
struct RestoreOptions {
    std::optional<std::string> format;  ///< --output-format
    OptionMap creation;                 ///< -o
    Overwrite overwrite = Overwrite::refuse;
    std::optional<ByteRange> range;  ///< --range: only these bytes of the disk
    SpaceCheck space_check = SpaceCheck::done;
    DeviceRest device_rest = DeviceRest::kept;  ///< --zero-rest
    RestoreMode mode = RestoreMode::owner_only;
    OnDamage on_damage = OnDamage::fail;  ///< --allow-damage
    crypt::Secret secret = {};            ///< --target-secret-file
    bool is_dry_run = false;              ///< refuse what can be refused, write nothing
};

struct RestoreTarget {
    std::string path;  ///< as typed; "-" is standard output
    std::string format;
    OptionMap options;
    ByteCount size;  ///< of the image: the disk's, or that of the range
    Overwrite overwrite = Overwrite::refuse;
    const File* folder = nullptr;  ///< contains the last part of path; null: resolve path. Borrowed
    DeviceRest device_rest = DeviceRest::kept;
    mode_t mode = restored_mode;  ///< permissions of a new file
    crypt::Secret secret = {};    ///< encrypts the image, if its options ask for it
};

/// Format: as typed, else by a known extension, else that of the snapshot's source (for a range: raw); a device and "-"
/// are raw, and another format typed for them is Error(usage). Options: as typed; in the source's format also those
/// that the source had, and its UUID if the disk goes back to its own place.
RestoreTarget restore_target(const std::string& path, const RestoreOptions& options, const SnapshotRecord& snapshot);

/// The file that is the last part of `path` in `folder`: in the format typed, else that of the snapshot's source.
RestoreTarget restore_target_in(const File& folder, const std::string& path, const RestoreOptions& options,
                                const SnapshotRecord& snapshot);

/// Starts the image, after the warnings of creation_warnings(). Throws what create_image() throws, and Error(refused)
/// for a device that the snapshot was taken of while another process has it open (create_image() itself refuses a file
/// in use).
std::unique_ptr<ImageWriter> create_restore_target(const RestoreTarget& target, const SnapshotRecord& snapshot,
                                                   Progress& progress);

}  // namespace varve
