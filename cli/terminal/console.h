#pragma once
/// Where a command prints: answers go to standard output, errors and warnings to standard error as `varve: …`. All text
/// for people passes through safe_text.h, so no control character from an image or a repository reaches a terminal.
/// With ProgressOutput::lines, standard error holds JSON, one object per line (cli/JSON.md). One thread at a time.

#include <string>
#include <string_view>
#include <vector>

namespace varve {

enum class Verbosity { quiet, normal, verbose };

enum class ProgressOutput {
    bar,    ///< on a terminal, unless it is to be quiet
    lines,  ///< JSON, and everything else on standard error too
    none,
};

class Console {
public:
    Console();

    void set_verbosity(Verbosity verbosity) { verbosity_ = verbosity; }
    void set_progress_output(ProgressOutput output) { progress_output_ = output; }

    bool err_is_terminal() const { return err_is_terminal_; }
    Verbosity verbosity() const { return verbosity_; }
    ProgressOutput progress_output() const { return progress_output_; }
    /// Whether anything went to standard output.
    bool has_printed() const { return has_printed_; }
    /// All sentences that warn() was given.
    const std::vector<std::string>& warnings() const { return warnings_; }

    /// An answer for people on standard output. The caller has escaped newlines in names.
    void print(std::string_view text);
    /// Bytes on standard output, unchanged: JSON, or a file that the user asked for.
    void print_exactly(std::string_view bytes);
    /// Like print(), but omitted with --quiet: a summary of what was done.
    void summary(std::string_view text);
    /// Like summary(), but on standard error, for a command whose standard output carries an image.
    void summary_aside(std::string_view text);
    /// One sentence on standard error, and the word for scripts (error_json.h).
    void error(std::string_view sentence, std::string_view word);
    void warn(std::string_view sentence);

    /// Throws Error(io) unless standard output took everything (a full disk). A reader that closed the pipe early, as
    /// `head` does, is an error only for print_exactly(): half a JSON value or file must not pass for a whole one.
    void flush();

private:
    void put_out(std::string_view text);

    Verbosity verbosity_ = Verbosity::normal;
    ProgressOutput progress_output_ = ProgressOutput::bar;
    bool err_is_terminal_;
    bool has_printed_ = false;
    std::vector<std::string> warnings_;
    int write_error_ = 0;  ///< errno of the last failed write to standard output
    bool has_exact_bytes_ = false;
};

}  // namespace varve
