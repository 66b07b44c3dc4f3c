#pragma once
/// What an image states about itself, besides its bytes: facts for `varve info`, for the backup report and for a
/// restore that creates the same kind of image. All texts come from untrusted files: escape them before display.

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
    ByteCount size;            ///< the snapshot's own virtual size, which may differ from the active state's
    std::int64_t time_ns = 0;  ///< UTC, since 1970
};

/// A persistent dirty bitmap inside an image file.
struct ImageBitmap {
    std::string name;
    ByteCount granularity;
    bool enabled = false;
    bool in_use = false;      ///< not closed cleanly: its bits cannot be trusted
    bool consistent = false;  ///< usable: the file marks it consistent and its size fits the image
};

struct ImageInfo {
    std::string format;  ///< qemu-img's name: "raw", "qcow2", ...
    /// Identifies the frozen state that is read (an internal snapshot), the same at every read. Empty for a state
    /// that may change, such as the active one.
    std::string state;
    ByteCount virtual_size;              ///< exact bytes, not rounded to sectors
    ByteCount cluster_size;              ///< allocation unit; 0 where the format has none (raw)
    std::optional<std::string> backing;  ///< the backing file's name as stored in the image
    std::vector<ImageSnapshot> snapshots;
    std::vector<ImageBitmap> bitmaps;
    std::vector<std::string> features;           ///< names of set feature bits, e.g. "dirty", "lazy_refcounts"
    std::map<std::string, std::string> options;  ///< creation options by qemu-img's names, to restore the same kind
    std::vector<std::string> warnings;           ///< full sentences: what was read despite a doubt (dirty bit, ...)
};

}  // namespace varve
