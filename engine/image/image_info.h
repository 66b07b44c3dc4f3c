#pragma once
/// What an image says about itself, beside its bytes: facts for `varve info`, for the backup report and for a restore
/// that gives back the same kind of image. All texts come from untrusted files: escape them before showing.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/units.h"

namespace varve {

/// A snapshot inside an image file (qcow2 internal snapshots).
struct ImageSnapshot {
    std::string id;
    std::string name;
    ByteCount size;            ///< the snapshot's own virtual size, which may differ from the active one
    std::int64_t time_ns = 0;  ///< UTC, since 1970
};

/// A persistent dirty bitmap inside an image file.
struct ImageBitmap {
    std::string name;
    ByteCount granularity;
    bool enabled = false;
    bool in_use = false;      ///< not closed cleanly: its bits can't be trusted
    bool consistent = false;  ///< usable: the file vouches for it and its shape fits the image
};

struct ImageInfo {
    std::string format;  ///< qemu-img's word: "raw", "qcow2", ...
    /// Names the frozen state that is read, the same whenever it is read: of an internal snapshot. Empty for a state
    /// that may be written to, like the active one.
    std::string state;
    ByteCount virtual_size;              ///< exact bytes, not rounded to sectors
    ByteCount cluster_size;              ///< allocation unit; 0 where the format has none (raw)
    std::optional<std::string> backing;  ///< the backing file's name as the image has it
    std::vector<ImageSnapshot> snapshots;
    std::vector<ImageBitmap> bitmaps;
    std::vector<std::string> features;           ///< names of set feature bits, e.g. "dirty", "lazy_refcounts"
    std::map<std::string, std::string> options;  ///< creation options in qemu-img's words, to restore the same kind
    std::vector<std::string> warnings;           ///< full sentences: what was read in spite of a doubt (dirty bit, ...)
};

}  // namespace varve
