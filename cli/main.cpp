// The only place where an Error becomes an exit status and one sentence on standard error.

#include <algorithm>
#include <exception>
#include <new>
#include <system_error>

#include <fmt/format.h>

#include "cli/run.h"
#include "cli/terminal/console.h"
#include "cli/terminal/open_file_limit.h"
#include "cli/terminal/signals.h"
#include "engine/base/error.h"

namespace {

using namespace varve;

int status_of(const Error& error, int signal) {
    if (error.code() == ErrorCode::cancelled && signal != 0) return 128 + signal;
    return static_cast<int>(error.code() == ErrorCode::usage ? ExitStatus::usage : ExitStatus::failed);
}

int failed(const char* sentence) {
    Console(Verbosity::normal).error(sentence);
    return static_cast<int>(ExitStatus::failed);
}

}  // namespace

int main(int argc, char** argv) {
    raise_open_file_limit();
    try {
        const SignalWatch signals;
        try {
            return static_cast<int>(run({argv + std::min(argc, 1), argv + argc}, signals.token()));
        } catch (const Error& error) {
            Console(Verbosity::normal).error(error.what());
            return status_of(error, signals.received());
        }
    } catch (const std::bad_alloc&) {
        return failed("out of memory");
    } catch (const std::system_error& error) {  // std::thread
        return failed(fmt::format("the system refused a thread or another resource: {}; raise the limits of memory and "
                                  "processes (ulimit -v, ulimit -u)",
                                  error.code().message())
                          .c_str());
    } catch (const std::exception& error) {
        return failed(error.what());
    }
}
