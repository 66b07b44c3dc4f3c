#include "cli/terminal/console.h"

#include <cerrno>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/terminal/error_json.h"
#include "cli/terminal/safe_text.h"
#include "engine/base/error.h"

namespace varve {
namespace {

/// 0, or the error number.
int put(std::FILE* to, std::string_view text) {
    return std::fwrite(text.data(), 1, text.size(), to) == text.size() ? 0 : errno;
}

std::string message_line(std::string_view type, std::string_view message) {
    Json json;
    json["type"] = type;
    json["message"] = safe_lines(message);
    return json_line(json);
}

std::string error_line(std::string_view sentence, std::string_view word) {
    Json json;
    json["type"] = "error";
    json["error"] = error_json(word, sentence);
    return json_line(json);
}

}  // namespace

Console::Console() : err_is_terminal_(::isatty(STDERR_FILENO) == 1) {}

void Console::put_out(std::string_view text) {
    has_printed_ = true;
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
    if (verbosity_ == Verbosity::quiet) return;
    put(stderr, progress_output_ == ProgressOutput::lines ? message_line("summary", text) : safe_lines(text));
}

void Console::error(std::string_view sentence, std::string_view word) {
    put(stderr, progress_output_ == ProgressOutput::lines ? error_line(sentence, word)
                                                          : fmt::format("varve: {}\n", safe_sentence(sentence)));
}

void Console::warn(std::string_view sentence) {
    warnings_.emplace_back(sentence);
    put(stderr, progress_output_ == ProgressOutput::lines
                    ? message_line("warning", safe_sentence(sentence))
                    : fmt::format("varve: warning: {}\n", safe_sentence(sentence)));
}

void Console::flush() {
    errno = 0;
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
    const int error = errno != 0 ? errno : write_error_;
    if (error == EPIPE && !has_exact_bytes_) return;  // `varve list | head`: the reader has seen enough
    throw io_error("cannot write to standard output", error);
}

}  // namespace varve
