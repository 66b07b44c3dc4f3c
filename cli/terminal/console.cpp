#include "cli/terminal/console.h"

#include <cerrno>
#include <cstdio>

#include <unistd.h>

#include "cli/terminal/safe_text.h"
#include "engine/base/error.h"

namespace varve {
namespace {

/// 0, or the error number.
int put(std::FILE* to, std::string_view text) {
    return std::fwrite(text.data(), 1, text.size(), to) == text.size() ? 0 : errno;
}

}  // namespace

Console::Console(Verbosity verbosity) : verbosity_(verbosity), err_is_terminal_(::isatty(STDERR_FILENO) == 1) {}

void Console::put_out(std::string_view text) {
    if (const int error = put(stdout, text); error != 0) write_error_ = error;
}

void Console::print(std::string_view text) { put_out(safe_lines(text)); }

void Console::print_exactly(std::string_view bytes) {
    has_exact_bytes_ = true;
    put_out(bytes);
}

void Console::summary(std::string_view text) {
    if (verbosity_ != Verbosity::quiet) put_out(safe_lines(text));
}

void Console::summary_aside(std::string_view text) {
    if (verbosity_ != Verbosity::quiet) put(stderr, safe_lines(text));
}

void Console::error(std::string_view sentence) { say("varve: ", sentence); }

void Console::warn(std::string_view sentence) { say("varve: warning: ", sentence); }

void Console::flush() {
    errno = 0;
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
    const int error = errno != 0 ? errno : write_error_;
    if (error == EPIPE && !has_exact_bytes_) return;  // `varve list | head`: the reader has seen enough
    throw io_error("cannot write to standard output", error);
}

void Console::say(std::string_view prefix, std::string_view sentence) {
    put(stderr, std::string(prefix) + safe_sentence(sentence) + "\n");
}

}  // namespace varve
