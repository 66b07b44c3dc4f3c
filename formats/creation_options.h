#pragma once
/// The creation options of every format that is written: which words there are, whether a choice of them is sound, and
/// which of a source's recorded ones an image like it gets: all by the descriptors of `formats`.

#include <string_view>
#include <vector>

#include "formats/base/option_words.h"
#include "formats/registry.h"

namespace varve {

/// The formats that are written, in the order of the help.
std::vector<std::string_view> written_formats(const FormatList& formats = format_registry());

bool is_written(std::string_view format, const FormatList& formats = format_registry());

/// The words of `format`, one of written_formats().
std::vector<OptionWord> creation_words(std::string_view format, const FormatList& formats = format_registry());

/// Throws Error(usage) when `format`, one of written_formats(), does not take `options`: an unknown word, a wrong
/// value, or words that don't go together.
void check_creation_options(std::string_view format, const OptionMap& options,
                            const FormatList& formats = format_registry());

/// Whether some images of `format` can go down a pipe: see is_streamed().
bool may_be_streamed(std::string_view format, const FormatList& formats = format_registry());

/// Whether an image of `format` with `options`, which it takes, is written from its first byte to its last.
bool is_streamed(std::string_view format, const OptionMap& options, const FormatList& formats = format_registry());

/// `said`, and of `recorded` what goes with it: an image like the source in all that the user left open. Words that
/// name files, words and values that this version does not know and what contradicts `said` are left out. Throws
/// Error(usage) when `said` alone is wrong.
OptionMap with_recorded_options(std::string_view format, const OptionMap& said, const OptionMap& recorded,
                                const FormatList& formats = format_registry());

}  // namespace varve
