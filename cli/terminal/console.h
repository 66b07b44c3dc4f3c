#pragma once
/// Where a command prints: answers go to standard output, errors and warnings to standard error as `varve: …`. All text
/// for people passes through safe_text.h, so no control character from an image or a repository reaches a terminal. One
/// thread at a time.

#include <string_view>

namespace varve {

enum class Verbosity { quiet, normal, verbose };

class Console {
public:
    explicit Console(Verbosity verbosity);

    bool err_is_terminal() const { return err_is_terminal_; }
    Verbosity verbosity() const { return verbosity_; }

    /// An answer for people on standard output. The caller has escaped newlines in names.
    void print(std::string_view text);
    /// Bytes on standard output, unchanged: JSON, or a file that the user asked for.
    void print_exactly(std::string_view bytes);
    /// Like print(), but omitted with --quiet: a summary of what was done.
    void summary(std::string_view text);
    /// Like summary(), but on standard error, for a command whose standard output carries an image.
    void summary_aside(std::string_view text);
    /// One sentence on standard error.
    void error(std::string_view sentence);
    void warn(std::string_view sentence);

    /// Throws Error(io) unless standard output took everything (a full disk). A reader that closed the pipe early, as
    /// `head` does, is an error only for print_exactly(): half a JSON value or file must not pass for a whole one.
    void flush();

private:
    void say(std::string_view prefix, std::string_view sentence);
    void put_out(std::string_view text);

    Verbosity verbosity_;
    bool err_is_terminal_;
    int write_error_ = 0;  ///< errno of the last failed write to standard output
    bool has_exact_bytes_ = false;
};

}  // namespace varve
