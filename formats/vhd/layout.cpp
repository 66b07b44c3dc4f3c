#include "formats/vhd/layout.h"

#include <algorithm>
#include <bit>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace varve::vhd {
namespace {

constexpr std::uint64_t block_size_min = 512;
constexpr std::uint64_t disk_bytes_max = std::numeric_limits<std::int64_t>::max();

/// One of the two places of the footer, as it is in the file.
struct FooterCopy {
    ByteOffset at;
    bool is_at_end = false;
    Bytes bytes = {};  ///< empty: the cookie is not there
    bool has_checksum = false;
    Footer footer = {};

    std::string_view name() const { return is_at_end ? "footer" : "footer copy"; }
    bool is_there() const { return !bytes.empty(); }
    bool is_sound() const { return is_there() && has_checksum; }
};

void fill(FooterCopy& copy, ByteView bytes) {
    if (!text_of(bytes).starts_with(footer_cookie)) return;
    copy.bytes.assign(bytes.begin(), bytes.end());
    copy.footer = parse_footer(bytes);
    copy.has_checksum = copy.footer.checksum == checksum_of(bytes, footer_checksum_at);
}

FooterCopy copy_at_start(const ByteSource& source) {
    FooterCopy copy{ByteOffset{}};
    Bytes start(footer_bytes);
    if (read_some(source, ByteOffset{}, start) == start.size()) fill(copy, start);
    return copy;
}

FooterCopy footer_at_end(const ByteSource& source) {
    const std::uint64_t size = source.size().value;
    Bytes end(static_cast<std::size_t>(std::min<std::uint64_t>(size, footer_bytes)));
    end.resize(read_some(source, ByteOffset{size - end.size()}, end));
    for (const std::size_t length : {footer_bytes, old_footer_bytes}) {
        if (end.size() < length) continue;
        FooterCopy copy{ByteOffset{size - length}, true};
        fill(copy, ByteView(end).last(length));
        if (copy.is_there()) return copy;
    }
    return {};
}

bool is_same(const FooterCopy& a, const FooterCopy& b) {
    return std::equal(a.bytes.begin(), a.bytes.begin() + old_footer_bytes, b.bytes.begin());
}

Error bad_field(const ByteSourcePtr& device, std::string_view structure, std::string_view field, ByteOffset at,
                std::string_view expected, std::uint64_t found) {
    return corrupt(device, at, fmt::format("{} field {}: expected {}, found {}", structure, field, expected, found));
}

Error bad_checksum(const ByteSourcePtr& device, std::string_view structure, ByteOffset at, std::uint32_t expected,
                   std::uint32_t found) {
    return corrupt(device, at, fmt::format("{} checksum: expected {:#x}, found {:#x}", structure, expected, found));
}

/// Names the fields on which the disk depends and in which two sound copies are different.
std::vector<std::string_view> differences(const Footer& a, const Footer& b) {
    std::vector<std::string_view> fields;
    if (a.type != b.type) fields.emplace_back("type");
    if (a.disk_size != b.disk_size) fields.emplace_back("size of the disk");
    if (a.geometry != b.geometry) fields.emplace_back("geometry");
    if (a.data_offset != b.data_offset) fields.emplace_back("offset of the dynamic header");
    if (a.uuid != b.uuid) fields.emplace_back("UUID");
    return fields;
}

/// Decides which of the two places counts.
class FooterChoice {
public:
    FooterChoice(const ByteSourcePtr& device, std::vector<std::string>& warnings)
        : device_(device), warnings_(warnings), start_(copy_at_start(*device)), end_(footer_at_end(*device)) {}

    const FooterCopy& chosen() {
        // The first bytes of a fixed image are the guest's.
        if (end_.is_sound() && end_.footer.type == DiskType::fixed) return end_;
        if (end_.is_sound()) return end_with_doubts();
        if (start_.is_sound()) return start_with_doubts();
        if (start_.is_there() && end_.is_there() && is_same(start_, end_)) return both_without_checksum();
        if (!start_.is_there() && !end_.is_there())
            throw corrupt(device_, ByteOffset{},
                          "expected a VHD footer, which begins with \"conectix\", in the last 512 or 511 bytes of the "
                          "file or a copy of it in the first, found neither");
        const FooterCopy& wrong = end_.is_there() ? end_ : start_;
        throw bad_checksum(device_, wrong.name(), wrong.at + ByteCount{footer_checksum_at},
                           checksum_of(wrong.bytes, footer_checksum_at), wrong.footer.checksum);
    }

    ByteCount length_at_end() const { return {end_.bytes.size()}; }

private:
    const FooterCopy& end_with_doubts() {
        if (!start_.is_sound()) {
            warn(ByteOffset{}, "the copy of the footer is damaged or missing; the footer at the end was used");
        } else if (const auto fields = differences(start_.footer, end_.footer); !fields.empty()) {
            warn(ByteOffset{}, fmt::format("the copy of the footer differs from the footer at the end in {}; that at "
                                           "the end was used",
                                           fmt::join(fields, ", ")));
        }
        return end_;
    }

    const FooterCopy& start_with_doubts() {
        warn(ByteOffset{}, "the footer at the end is damaged or missing; its copy was used");
        return start_;
    }

    /// A program changed it and left the checksum as it was: damage would not hit both in the same way.
    const FooterCopy& both_without_checksum() {
        warn(end_.at + ByteCount{footer_checksum_at},
             fmt::format("the checksum of the footer and of its copy does not fit, expected {:#x}, found {:#x}; they "
                         "were used because they are equal",
                         checksum_of(end_.bytes, footer_checksum_at), end_.footer.checksum));
        return end_;
    }

    void warn(ByteOffset at, const std::string& what) {
        warnings_.push_back(fmt::format("{}: {}", device_->place(at), what));
    }

    const ByteSourcePtr& device_;
    std::vector<std::string>& warnings_;
    FooterCopy start_;
    FooterCopy end_;
};

void check_footer(const ByteSourcePtr& device, const FooterCopy& copy) {
    const Footer& footer = copy.footer;
    if (footer.version >> 16 != 1)
        throw Error(ErrorCode::unsupported,
                    fmt::format("{}: VHD version {}.{}, but this version of varve reads only 1.0; convert the disk "
                                "with Hyper-V's Convert-VHD and use the copy",
                                device->place(copy.at + ByteCount{footer_version_at}), footer.version >> 16,
                                footer.version & 0xffff));
    const bool is_fixed = footer.type == DiskType::fixed;
    if (!(is_fixed && copy.is_at_end) && footer.type != DiskType::dynamic && footer.type != DiskType::differencing)
        throw bad_field(
            device, copy.name(), "type", copy.at + ByteCount{footer_type_at},
            copy.is_at_end ? "2 (fixed), 3 (dynamic) or 4 (differencing)" : "3 (dynamic) or 4 (differencing)",
            static_cast<std::uint32_t>(footer.type));
    const std::uint64_t size_max = is_fixed ? copy.at.value : disk_bytes_max;
    if (footer.disk_size.value > size_max)
        throw bad_field(device, copy.name(), "size of the disk", copy.at + ByteCount{footer_disk_size_at},
                        is_fixed ? fmt::format("at most {}, the bytes before the footer", size_max)
                                 : fmt::format("at most {}", size_max),
                        footer.disk_size.value);
}

/// Virtual PC, and qemu's images of its kind, take the disk's size from the geometry. Everything else takes it from the
/// field; where the geometry is the largest one, so do they.
ByteCount disk_size(const ByteSourcePtr& device, const FooterCopy& copy, std::vector<std::string>& warnings) {
    const Footer& footer = copy.footer;
    const ByteCount by_geometry = footer.geometry.disk_bytes();
    const bool is_by_geometry = footer.creator_text() == "vpc " || footer.creator_text() == "qemu";
    if (!is_by_geometry || footer.geometry == geometry_max || by_geometry.value == 0 || by_geometry >= footer.disk_size)
        return footer.disk_size;
    warnings.push_back(fmt::format(
        "{}: the footer records {} bytes, and a geometry of {}, which is what its creator '{}' gives the guest; the "
        "disk was read with the geometry's size",
        device->place(copy.at + ByteCount{footer_disk_size_at}), footer.disk_size.value, by_geometry.value,
        footer.creator_text()));
    return by_geometry;
}

/// The places of the fields and what is wrong with them.
class HeaderCheck {
public:
    HeaderCheck(const ByteSourcePtr& device, ByteOffset at) : device_(device), at_(at) {}

    Bytes read() const {
        if (at_.value < footer_bytes || at_.value > device_->size().value ||
            device_->size().value - at_.value < header_bytes)
            throw corrupt(device_, at_, "the footer places the dynamic header here, where it is not inside the file");
        Bytes bytes(header_bytes);
        device_->read_at(at_, bytes);
        if (!text_of(bytes).starts_with(header_cookie))
            throw corrupt(device_, at_,
                          "expected the dynamic header, which begins with \"cxsparse\", found other data");
        return bytes;
    }

    void check_version(const DynamicHeader& header) const {
        if (header.version == header_version) return;
        throw Error(
            ErrorCode::unsupported,
            fmt::format("{}: a dynamic header of version {}.{}, but this version of varve reads only 1.0; "
                        "convert the disk with Hyper-V's Convert-VHD and use the copy",
                        device_->place(place(header_version_at)), header.version >> 16, header.version & 0xffff));
    }

    void check_block_size(const DynamicHeader& header) const {
        if (!std::has_single_bit(header.block_size.value) || header.block_size.value < block_size_min)
            throw bad(header_block_size_at, "block size", fmt::format("a power of two of at least {}", block_size_min),
                      header.block_size.value);
    }

    /// Some programs change a field and leave the checksum as it was, and qemu never checks it. A table of exactly the
    /// length that the disk needs shows that size and block size are right.
    void check_checksum(const DynamicHeader& header, ByteView bytes, std::uint64_t entries_needed,
                        std::vector<std::string>& warnings) const {
        const std::uint32_t expected = checksum_of(bytes, header_checksum_at);
        if (header.checksum == expected) return;
        const ByteOffset at = place(header_checksum_at);
        if (header.entries != entries_needed)
            throw bad_checksum(device_, "dynamic header", at, expected, header.checksum);
        warnings.push_back(
            fmt::format("{}: the checksum of the dynamic header does not fit, expected {:#x}, found {:#x}; the header "
                        "was used because the block table has the length that the disk needs",
                        device_->place(at), expected, header.checksum));
    }

    /// Fields of 64 bits, which may wrap.
    void check_table(const DynamicHeader& header, std::uint64_t entries_needed) const {
        if (header.entries < entries_needed)
            throw bad(header_entries_at, "block table entries", fmt::format("at least {}", entries_needed),
                      header.entries);
        const std::uint64_t table_bytes = entries_needed * table_entry_bytes;
        const std::uint64_t file_bytes = device_->size().value;
        const std::uint64_t begin = header.table.value;
        if (begin < footer_bytes || begin > file_bytes || table_bytes > file_bytes - begin)
            throw bad(header_table_at, "offset of the block table",
                      fmt::format("{} bytes of table between the footer copy and the end of the file at {}",
                                  table_bytes, file_bytes),
                      begin);
        if (begin < at_.value + header_bytes && at_.value < begin + table_bytes)
            throw bad(header_table_at, "offset of the block table", "a table that does not overlap the header", begin);
    }

    void check_parent(const DynamicHeader& header, const Footer& footer) const {
        if (footer.type == DiskType::differencing && header.parent == footer.uuid && !header.parent.is_null())
            throw corrupt(device_, place(header_parent_at), "the image has its own UUID as that of its parent");
    }

private:
    ByteOffset place(std::size_t field) const { return at_ + ByteCount{field}; }
    Error bad(std::size_t field_at, std::string_view field, std::string_view expected, std::uint64_t found) const {
        return bad_field(device_, "dynamic header", field, place(field_at), expected, found);
    }

    const ByteSourcePtr& device_;
    ByteOffset at_;
};

DynamicHeader read_header(const ByteSourcePtr& device, Layout& layout) {
    const HeaderCheck check(device, ByteOffset{layout.footer.data_offset});
    const Bytes bytes = check.read();
    DynamicHeader header = parse_dynamic_header(bytes);
    check.check_version(header);
    check.check_block_size(header);
    const std::uint64_t needed = divide_up(layout.virtual_size.value, header.block_size.value);
    check.check_checksum(header, bytes, divide_up(layout.footer.disk_size.value, header.block_size.value),
                         layout.warnings);
    check.check_table(header, needed);
    check.check_parent(header, layout.footer);
    header.entries = static_cast<std::uint32_t>(needed);
    return header;
}

}  // namespace

Layout read_layout(const ByteSourcePtr& device) {
    Layout layout;
    FooterChoice choice(device, layout.warnings);
    const FooterCopy& copy = choice.chosen();
    check_footer(device, copy);
    layout.footer = copy.footer;
    layout.footer_at_end = choice.length_at_end();
    layout.virtual_size = disk_size(device, copy, layout.warnings);
    if (layout.footer.type != DiskType::fixed) layout.header = read_header(device, layout);
    return layout;
}

bool has_footer_at_end(const ByteSource& source) { return footer_at_end(source).is_there(); }

bool is_differencing_image(const ByteSource& source) {
    const auto is_differencing = [](const FooterCopy& copy) {
        return copy.is_there() && copy.footer.type == DiskType::differencing;
    };
    return is_differencing(footer_at_end(source)) || is_differencing(copy_at_start(source));
}

Error corrupt(const ByteSourcePtr& device, ByteOffset at, std::string_view what) {
    return Error(ErrorCode::corrupt,
                 fmt::format("{}: {}; the image is damaged, Hyper-V's Test-VHD may show details, and a copy of it may "
                             "be sound",
                             device->place(at), what));
}

}  // namespace varve::vhd
