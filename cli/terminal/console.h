#pragma once
/// Where a command's words go: answers to standard output, notes and warnings to standard error as `varve: …`.
/// Control characters that came in from outside never reach either. One thread at a time.

#include <string>
#include <string_view>

namespace varve {

enum class Verbosity { quiet, normal, verbose };

class Console {
public:
    explicit Console(Verbosity verbosity);

    bool err_is_terminal() const { return err_is_terminal_; }
    Verbosity verbosity() const { return verbosity_; }

    /// An answer on standard output, as it is; the caller has escaped what came from outside.
    void print(std::string_view text);
    /// As print(), but left out with --quiet: a summary of what was done.
    void summary(std::string_view text);
    /// As summary(), but on standard error, for a command whose standard output carries an image.
    void summary_aside(std::string_view text);
    /// One sentence on standard error: always, unless --quiet, and only with --verbose.
    void error(std::string_view sentence);
    void warn(std::string_view sentence);
    void note(std::string_view sentence);
    void detail(std::string_view sentence);

    /// Makes sure that standard output took everything; Error(io) when it did not (a full disk, a closed pipe).
    void flush();

private:
    void say(std::string_view prefix, std::string_view sentence);

    Verbosity verbosity_;
    bool err_is_terminal_;
};

/// `text` with control characters and invalid UTF-8 made visible, backslashes left alone: for sentences in which some
/// names are escaped already.
std::string without_controls(std::string_view text);

}  // namespace varve
