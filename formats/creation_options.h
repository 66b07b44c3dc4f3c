#pragma once
/// The creation options of every format that is written, according to the descriptors of `formats`: which exist, which
/// combinations are valid, and which of a source's recorded options a new image keeps.

#include <string_view>
#include <vector>

#include "formats/base/option_words.h"
#include "formats/registry.h"

namespace varve {

/// The formats that are written, in the order of the help.
std::vector<std::string_view> written_formats(const FormatList& formats = format_registry());

bool is_written(std::string_view format, const FormatList& formats = format_registry());

/// The options of `format`, one of written_formats().
std::vector<OptionWord> creation_words(std::string_view format, const FormatList& formats = format_registry());

/// Throws Error(usage) for `options` that `format`, one of written_formats(), does not accept: an unknown word, an
/// invalid value, or a combination that is refused.
void check_creation_options(std::string_view format, const OptionMap& options,
                            const FormatList& formats = format_registry());

/// Whether some images of `format` can be written to a pipe: see is_streamed().
bool may_be_streamed(std::string_view format, const FormatList& formats = format_registry());

/// Whether an image of `format` with valid `options` is written strictly from its first byte to its last.
bool is_streamed(std::string_view format, const OptionMap& options, const FormatList& formats = format_registry());

/// Whether an image of `format` with valid `options` is encrypted, so that creating it takes a secret.
bool is_encrypted_image(std::string_view format, const OptionMap& options,
                        const FormatList& formats = format_registry());

/// The options `given` by the user, and those `recorded` for the source that are compatible with them: the image is
/// like the source unless the user specified otherwise. Leaves out words that name files, words and values that this
/// version does not know, and whatever contradicts `given`. Throws Error(usage) if `given` alone is invalid.
OptionMap with_recorded_options(std::string_view format, const OptionMap& given, const OptionMap& recorded,
                                const FormatList& formats = format_registry());

}  // namespace varve
