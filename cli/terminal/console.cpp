#include "cli/terminal/console.h"

#include <cerrno>
#include <cstdio>

#include <unistd.h>

#include "cli/terminal/safe_text.h"
#include "engine/base/error.h"

namespace varve {
namespace {

void put(std::FILE* to, std::string_view text) { std::fwrite(text.data(), 1, text.size(), to); }

}  // namespace

Console::Console(Verbosity verbosity) : verbosity_(verbosity), err_is_terminal_(::isatty(STDERR_FILENO) == 1) {}

void Console::print(std::string_view text) { put(stdout, safe_lines(text)); }

void Console::print_exactly(std::string_view bytes) { put(stdout, bytes); }

void Console::summary(std::string_view text) {
    if (verbosity_ != Verbosity::quiet) put(stdout, safe_lines(text));
}

void Console::summary_aside(std::string_view text) {
    if (verbosity_ != Verbosity::quiet) put(stderr, safe_lines(text));
}

void Console::error(std::string_view sentence) { say("varve: ", sentence); }

void Console::warn(std::string_view sentence) { say("varve: warning: ", sentence); }

void Console::flush() {
    errno = 0;
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) throw io_error("cannot write to standard output", errno);
}

void Console::say(std::string_view prefix, std::string_view sentence) {
    put(stderr, std::string(prefix) + safe_sentence(sentence) + "\n");
}

}  // namespace varve
