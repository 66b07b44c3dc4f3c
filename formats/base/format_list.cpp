#include "formats/base/format_list.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/ascii.h"
#include "engine/base/check.h"

namespace varve {
namespace {

bool is_opened(const FormatDescriptor& format) {
    return format.use == FormatUse::image || format.use == FormatUse::package;
}

template <typename Condition>
std::vector<std::string_view> names_of_formats(const std::vector<const FormatDescriptor*>& formats,
                                               Condition condition) {
    std::vector<std::string_view> names;
    for (const FormatDescriptor* format : formats)
        if (condition(*format)) names.push_back(format->name);
    return names;
}

}  // namespace

const FormatDescriptor* FormatList::find(std::string_view name) const {
    for (const FormatDescriptor* format : formats_)
        if (format->name == name) return format;
    return nullptr;
}

const FormatDescriptor& FormatList::at(std::string_view name) const {
    const FormatDescriptor* format = find(name);
    VARVE_CHECK(format != nullptr);
    return *format;
}

const FormatDescriptor* FormatList::find_extension(std::string_view extension) const {
    const std::string lower = ascii_lower(extension);
    for (const FormatDescriptor* format : formats_)
        if (std::ranges::find(format->extensions, lower) != format->extensions.end()) return format;
    return nullptr;
}

const FormatDescriptor* FormatList::expected_by_name(std::string_view path) const {
    const std::string_view file = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
    const std::size_t dot = file.rfind('.');
    if (dot == std::string_view::npos) return nullptr;
    const std::string extension = ascii_lower(file.substr(dot + 1));
    for (const FormatDescriptor* format : formats_)
        for (const auto list : {format->extensions, format->other_extensions})
            if (std::ranges::find(list, extension) != list.end()) return format;
    return nullptr;
}

std::vector<std::string_view> FormatList::readable() const {
    return names_of_formats(formats_, [](const FormatDescriptor& format) { return format.use == FormatUse::image; });
}

bool FormatList::is_readable(std::string_view name) const {
    const FormatDescriptor* format = find(name);
    return format != nullptr && format->use == FormatUse::image;
}

std::vector<std::string_view> FormatList::openable() const { return names_of_formats(formats_, is_opened); }

std::vector<std::string_view> FormatList::written() const {
    return names_of_formats(formats_, [](const FormatDescriptor& format) { return format.writing != nullptr; });
}

bool FormatList::is_written(std::string_view name) const {
    const FormatDescriptor* format = find(name);
    return format != nullptr && format->writing != nullptr;
}

std::string FormatList::describe(std::string_view name) const {
    const FormatDescriptor* format = find(name);
    return format != nullptr ? std::string(format->noun) : fmt::format("an image of format '{}'", name);
}

}  // namespace varve
