#pragma once
/// What QEMU's locks on an image file reveal about its use. QEMU holds byte-range locks (fcntl(2), "open file
/// description locks") on each file that it has open: byte 100 + n is locked while permission n is in use, byte 200 + n
/// while that permission is denied to others. Source: qemu block/file-posix.c (RAW_LOCK_PERM_BASE,
/// RAW_LOCK_SHARED_BASE) and include/block/block-common.h (BLK_PERM_*).
///
///     100 consistent read   101 write   102 write unchanged bytes   103 resize   104 change the graph
///     200 … 204             the same, not shared with others
///
/// The locks are only queried (F_OFD_GETLK), never taken: a lock of ours, however short, would make a QEMU fail that
/// starts at that moment. Not detected: a QEMU with `locking=off`, other hypervisors, a QEMU on another host unless the
/// file system shares locks between hosts, and a QEMU that has a device open by another device node.

#include "engine/base/file.h"

namespace varve {

enum class QemuUse {
    none,      ///< no such lock
    reads,     ///< open in QEMU, but its bytes stay as they are (100, 201, 203 of a backing file)
    writes,    ///< 101: a machine or a tool writes to it
    resizes,   ///< 103
    reshapes,  ///< 200: a block job (commit, ...) is running, and the file's content alone is meaningless
    unknown,   ///< the file system, or the kernel (before 3.15), does not support the query
};

/// The strongest use that another open file description on this host (or, where the file system shares locks, on any
/// host) makes of `file`, which may be open in any mode. Thread-safe; at most four system calls.
QemuUse qemu_use(const File& file);

/// Whether the bytes of the image may change, or be meaningless, while they are read.
constexpr bool hinders_reading(QemuUse use) {
    return use == QemuUse::writes || use == QemuUse::resizes || use == QemuUse::reshapes;
}

}  // namespace varve
