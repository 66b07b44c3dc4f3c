#include "formats/lvm/volume_name.h"

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve::lvm {
namespace {

constexpr std::string_view source_scheme = "lvm:";
constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+_.-";

bool is_name(std::string_view name) { return name.find_first_not_of(name_characters) == name.npos; }

}  // namespace

bool is_volume_name(std::string_view source) { return source.starts_with(source_scheme); }

VolumeName parse_volume_name(const std::string& source) {
    const std::string rest = source.substr(source_scheme.size());
    const std::size_t slash = rest.find('/');
    VolumeName name{rest.substr(0, slash), slash == rest.npos ? "" : rest.substr(slash + 1)};
    const bool is_whole = slash == rest.npos || (!name.group.empty() && !name.volume.empty());
    if (is_whole && is_name(name.group) && is_name(name.volume)) return name;
    throw Error(
        ErrorCode::usage,
        fmt::format("'{}' is not the name of a logical volume: expected lvm:VG/LV; 'varve info lvm:' lists them",
                    source));
}

VolumeName parse_single_volume_name(const std::string& source) {
    VolumeName name = parse_volume_name(source);
    if (!name.volume.empty()) return name;
    throw Error(ErrorCode::usage,
                fmt::format("'{0}' does not name one volume: expected lvm:VG/LV; 'varve info {0}' lists them", source));
}

}  // namespace varve::lvm
