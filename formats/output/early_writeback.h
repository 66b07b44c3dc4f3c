#pragma once
/// Lets the system begin to write a new file to its medium while more of it is made, so that the sync at the end finds
/// little left to do, and a large image does not fill the memory with pages that wait. One thread at a time.

#include "engine/base/file.h"

namespace varve {

class EarlyWriteback {
public:
    /// `length` more bytes were written to `file`. Every 32 MiB the write-back of all of them begins; nothing waits for
    /// its end, and a file system that has no such call goes without. Durable is only what was synced. Throws Error(io)
    /// for a write-back that failed at once.
    void wrote(const File& file, ByteCount length);

private:
    ByteCount waiting_;
};

}  // namespace varve
