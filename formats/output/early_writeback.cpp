#include "formats/output/early_writeback.h"

#include <fcntl.h>
#include <cerrno>

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {
namespace {

constexpr ByteCount writeback_step = mib(32);  // large enough for long runs on the medium

bool has_no_such_call(int error) { return error == EINVAL || error == ENOSYS || error == ENOTSUP || error == ESPIPE; }

}  // namespace

void EarlyWriteback::wrote(const File& file, ByteCount length) {
    waiting_ += length;
    if (waiting_ < writeback_step) return;
    waiting_ = {};
    constexpr off_t whole_file = 0;
    if (::sync_file_range(file.fd(), 0, whole_file, SYNC_FILE_RANGE_WRITE) == 0 || has_no_such_call(errno)) return;
    throw io_error(fmt::format("cannot write '{}' to its medium", file.path()), errno);
}

}  // namespace varve
