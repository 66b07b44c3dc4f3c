#include "engine/base/progress.h"

#include "engine/base/error.h"

namespace varve {

void throw_if_stopped(const std::stop_token& stop) {
    if (stop.stop_requested()) throw Error(ErrorCode::cancelled, "stopped on request");
}

}  // namespace varve
