#include "formats/raw/file_device.h"

#include <utility>

#include <fmt/format.h>

#include "formats/raw/reader.h"

namespace varve {

NamedDevice device_of(File file) {
    const std::string path = file.path();
    NamedDevice device{std::make_shared<RawReader>(std::move(file)), {}};
    device.place = [path](ByteOffset at) {
        return at.value == 0 ? fmt::format("'{}'", path) : fmt::format("'{}' at byte {}", path, at.value);
    };
    return device;
}

}  // namespace varve
