#include "cli/options/source_path.h"

#include <filesystem>

#include <fmt/format.h>

#include "cli/options/standard_stream.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "formats/lvm/volume_name.h"

namespace varve {

std::string recorded_path(const std::string& path) {
    if (path == "-" || lvm::is_volume_name(path)) return path;
    if (names_pipe(path)) return "-";
    namespace fs = std::filesystem;
    std::error_code error;
    const bool is_device = fs::is_block_file(path, error);
    const fs::path absolute = fs::absolute(path);
    const fs::path canonical =
        is_device ? fs::canonical(absolute.parent_path(), error) / absolute.filename() : fs::canonical(absolute, error);
    if (error) throw io_error(fmt::format("cannot find '{}'", path), error.value());
    return is_valid_utf8(canonical.string()) ? canonical.string() : escape_for_display(canonical.string());
}

}  // namespace varve
