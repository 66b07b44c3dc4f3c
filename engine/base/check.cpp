#include "engine/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace varve {

void check_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "varve: internal error, please report it: %s at %s:%d\n", condition, file, line);
    std::abort();
}

}  // namespace varve
