#include "cli/options/target_format.h"

#include <filesystem>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/create_image.h"
#include "formats/creation_options.h"
#include "formats/output/output_device.h"

namespace varve {

std::string target_format(const std::string& path, const std::optional<std::string>& typed,
                          const std::string& otherwise) {
    const bool is_stream = path == "-";
    if (is_stream && typed && is_written(*typed) && may_be_streamed(*typed)) return *typed;
    if (is_stream || names_block_device(path)) {
        if (typed && *typed != "raw")
            throw Error(ErrorCode::usage, fmt::format("{}, not {}; omit the format, or name a file",
                                                      is_stream ? "standard output takes raw only, or vmdk with "
                                                                  "-o subformat=streamOptimized, or vpc with "
                                                                  "-o subformat=fixed"
                                                                : "a block device takes raw only",
                                                      *typed));
        return "raw";
    }
    if (typed) return *typed;
    if (const auto known = format_of_extension(path); known && is_written(*known)) return *known;
    const std::string extension = std::filesystem::path(path).extension().string();
    if (extension.size() < 2) return otherwise;
    throw Error(
        ErrorCode::usage,
        fmt::format("the extension '{}' of '{}' stands for no format that is written; pass -O F, where F is one of {}",
                    extension, path, fmt::join(written_formats(), ", ")));
}

std::string target_format_help() { return fmt::format("format to write ({})", fmt::join(written_formats(), ", ")); }

}  // namespace varve
