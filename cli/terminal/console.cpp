#include "cli/terminal/console.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <unistd.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"

namespace varve {
namespace {

void put(std::FILE* to, std::string_view text) { std::fwrite(text.data(), 1, text.size(), to); }

}  // namespace

Console::Console(Verbosity verbosity) : verbosity_(verbosity), err_is_terminal_(::isatty(STDERR_FILENO) == 1) {}

void Console::print(std::string_view text) { put(stdout, text); }

void Console::summary(std::string_view text) {
    if (verbosity_ != Verbosity::quiet) put(stdout, text);
}

void Console::summary_aside(std::string_view text) {
    if (verbosity_ != Verbosity::quiet) put(stderr, text);
}

void Console::error(std::string_view sentence) { say("varve: ", sentence); }

void Console::warn(std::string_view sentence) { say("varve: warning: ", sentence); }

void Console::note(std::string_view sentence) { say("varve: ", sentence); }

void Console::detail(std::string_view sentence) {
    if (verbosity_ == Verbosity::verbose) say("varve: ", sentence);
}

void Console::flush() {
    errno = 0;
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) throw io_error("cannot write to standard output", errno);
}

void Console::say(std::string_view prefix, std::string_view sentence) {
    put(stderr, std::string(prefix) + without_controls(sentence) + "\n");
}

std::string without_controls(std::string_view text) {
    std::string out;
    for (std::size_t begin = 0;;) {
        const std::size_t end = std::min(text.find('\\', begin), text.size());
        out += escape_for_display(text.substr(begin, end - begin));
        if (end == text.size()) return out;
        out += '\\';
        begin = end + 1;
    }
}

}  // namespace varve
