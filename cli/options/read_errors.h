#pragma once
/// `backup` and `convert --read-errors`: how places that the medium cannot read, or that are damaged in the image, are
/// handled and reported.

#include <memory>
#include <span>
#include <string>

#include "cli/options/arguments.h"
#include "cli/terminal/json.h"
#include "engine/image/image_reader.h"

namespace varve {

enum class ReadErrors {
    fail,  ///< the job fails with the offset
    zero,  ///< they are stored as zeros, recorded and reported
};

OptionSpec read_errors_spec();

/// Throws Error(usage) for another word.
ReadErrors read_errors_of(const Arguments& arguments);

/// `image`, which with ReadErrors::zero continues past unreadable places.
std::unique_ptr<ImageReader> apply_read_errors(std::unique_ptr<ImageReader> image, ReadErrors read_errors);

/// "2 places (8.0 KiB) could not be read and are zeros in the snapshot"; `where` is the last part.
std::string unreadable_text(std::span<const ByteRange> ranges, std::string_view where = "the snapshot");
/// A line for each of the first places, and one that says how many more there are.
std::string unreadable_list(std::span<const ByteRange> ranges);
/// An array of {"offset", "length"}.
Json unreadable_json(std::span<const ByteRange> ranges);

}  // namespace varve
