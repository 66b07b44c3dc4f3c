#pragma once
/// Holders of locks on an image for the tests: of an exact set of bytes, or a real QEMU tool that has the image open.

#include <initializer_list>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/types.h>

#include "engine/base/file.h"
#include "formats/guard/qemu_locks.h"

namespace varve::reader_test {

/// Holds shared (like QEMU) or exclusive locks on single bytes of a file, through its own open file description.
class ByteLocks {
public:
    ByteLocks(const std::string& path, std::initializer_list<off_t> bytes, short type = F_RDLCK);

private:
    File file_;
};

/// A qemu-io process that has an image open, with the locks that it takes itself, until this object is destroyed.
class QemuIo {
public:
    /// `options` go between the program's name and the image; waits until `locked` (a file of its chain) is in use.
    QemuIo(const std::vector<std::string>& options, const std::string& path, const std::string& locked);
    ~QemuIo();
    QemuIo(const QemuIo&) = delete;
    QemuIo& operator=(const QemuIo&) = delete;

    pid_t pid() const { return pid_; }

private:
    pid_t pid_ = -1;
};

QemuUse use_of(const std::string& path);

}  // namespace varve::reader_test
