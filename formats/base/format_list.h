#pragma once
/// A list of formats, in the order in which they are probed and listed. The program's own is in formats/registry.h.

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "formats/base/format_descriptor.h"

namespace varve {

class FormatList {
public:
    /// Borrows the descriptors.
    FormatList(std::initializer_list<const FormatDescriptor*> formats) : formats_(formats) {}

    const std::vector<const FormatDescriptor*>& all() const { return formats_; }

    /// Null if no format has that name.
    const FormatDescriptor* find(std::string_view name) const;
    /// The format of that name, which must be in the list.
    const FormatDescriptor& at(std::string_view name) const;
    /// The format with this file extension (without the dot, in either case); null if there is none.
    const FormatDescriptor* find_extension(std::string_view extension) const;
    /// The format that the extension of a file's `path` leads one to expect, also one by which such files are only
    /// called; null: none.
    const FormatDescriptor* expected_by_name(std::string_view path) const;

    /// The names of the formats that are read as images.
    std::vector<std::string_view> readable() const;
    bool is_readable(std::string_view name) const;
    /// The names of the formats that may be opened by path: readable() and packages.
    std::vector<std::string_view> openable() const;
    /// The names of the formats that are written.
    std::vector<std::string_view> written() const;
    bool is_written(std::string_view name) const;

    /// "a VMware disk (vmdk)" for "vmdk"; also for a name that is not in the list.
    std::string describe(std::string_view name) const;

private:
    std::vector<const FormatDescriptor*> formats_;
};

}  // namespace varve
