#pragma once
/// Starts writing a new file to its medium while more of it is produced, so that the final sync finds little left to do
/// and a large image does not fill the memory with dirty pages. One thread at a time.

#include "engine/base/file.h"

namespace varve {

class EarlyWriteback {
public:
    /// Notes that `length` more bytes were written to `file`. Every 32 MiB it starts the write-back of all of them,
    /// without waiting for it; on a file system without this call it does nothing. Makes nothing durable. Throws
    /// Error(io) for a write-back that failed at once.
    void wrote(const File& file, ByteCount length);

private:
    ByteCount waiting_;
};

}  // namespace varve
