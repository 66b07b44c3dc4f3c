// The only place where an Error becomes an exit status, one sentence on standard error and, with --json, a document.

#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "cli/run.h"
#include "cli/terminal/console.h"
#include "cli/terminal/error_json.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/open_file_limit.h"
#include "cli/terminal/signals.h"
#include "engine/base/error.h"

namespace {

using namespace varve;

int status_of(const Error& error, int signal) {
    if (error.code() == ErrorCode::cancelled && signal != 0) return 128 + signal;
    return static_cast<int>(error.code() == ErrorCode::usage ? ExitStatus::usage : ExitStatus::failed);
}

/// Reports why the program ends.
class FailureReport {
public:
    FailureReport(Console& console, bool is_json) : console_(console), is_json_(is_json) {}

    /// Returns `status`.
    int operator()(std::string_view word, std::string_view sentence,
                   int status = static_cast<int>(ExitStatus::failed)) const {
        console_.error(sentence, word);
        if (is_json_) print_error_json(console_, word, sentence);
        try {
            console_.flush();
        } catch (const Error&) {  // why the program ends is more important
        }
        return status;
    }

private:
    Console& console_;
    bool is_json_;
};

}  // namespace

int main(int argc, char** argv) {
    raise_open_file_limit();
    const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    Console console;
    const FailureReport failed(console, asks_for_json(words));
    try {
        const SignalWatch signals;
        try {
            return static_cast<int>(run(words, console, signals.token()));
        } catch (const Error& error) {
            return failed(error_word(error.code()), error.what(), status_of(error, signals.received()));
        }
    } catch (const std::bad_alloc&) {
        return failed(error_word_resources, "out of memory");
    } catch (const std::system_error& error) {  // std::thread
        return failed(error_word_resources,
                      fmt::format("the system refused a thread or another resource: {}; raise the limits of memory and "
                                  "processes (ulimit -v, ulimit -u)",
                                  error.code().message()));
    } catch (const std::exception& error) {
        return failed(error_word_internal, error.what());
    }
}
