#include "engine/base/random.h"

#include <sys/random.h>
#include <cerrno>

#include "engine/base/error.h"

namespace varve {

void random_bytes(ByteSpan out) {
    while (!out.empty()) {
        const ssize_t got = ::getrandom(out.data(), out.size(), 0);
        if (got < 0) {
            if (errno == EINTR) continue;
            throw io_error("getrandom", errno);
        }
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

}  // namespace varve
