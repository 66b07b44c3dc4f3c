#include "formats/tar/archive_reader.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "engine/base/number_text.h"
#include "formats/base/excerpt.h"
#include "formats/tar/header.h"
#include "formats/tar/pax_records.h"

namespace varve::tar {
namespace {

constexpr std::size_t members_max = 65536;
/// Extended headers and long names before one member; real ones have up to four.
constexpr unsigned preludes_max = 16;
constexpr ByteCount long_name_bytes_max = kib(64);
constexpr ByteCount all_names_bytes_max = mib(16);

/// What a type flag stands for, if not a file; empty for files.
std::string_view other_kind(char type) {
    switch (type) {
        case '0':
        case '7':
            return "";
        case '1':
            return "a hard link";
        case '2':
            return "a symbolic link";
        case '3':
        case '4':
            return "a device";
        case '6':
            return "a pipe";
        default:
            return "neither a file nor a folder";
    }
}

/// Links, devices, folders and pipes have no contents, whatever their size field states.
bool has_content(char type) { return type < '1' || type > '6'; }

std::string_view name_fault(std::string_view name) {
    if (name.empty()) return "a member without a name";
    if (name.starts_with('/')) return "a member with an absolute name";
    if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }))
        return "a member with control characters in its name";
    for (std::size_t begin = 0; begin <= name.size();) {
        const std::size_t end = std::min(name.find('/', begin), name.size());
        if (name.substr(begin, end - begin) == "..") return "a member whose name leads outside";
        begin = end + 1;
    }
    return "";
}

std::string_view without_own_folder(std::string_view name) {
    while (name.starts_with("./")) {
        name.remove_prefix(2);
        while (name.starts_with('/')) name.remove_prefix(1);
    }
    return name;
}

/// Walks one archive, header by header. For one use.
class Walk {
public:
    explicit Walk(const ByteSource& file) : file_(file), size_(file.size()) {}

    Archive run() {
        while (read_block()) take(parse_header(block_, file_, at_));
        if (has_prelude()) throw corrupt(file_, prelude_at_, "expected a member after it, found the end");
        if (entries_ == 0) throw corrupt(file_, at_, "expected a member, found the end");
        return std::move(result_);
    }

private:
    bool read_block();
    void warn_after_end();
    void take(const Header& header);
    void take_prelude(const Header& header);
    void take_member(const Header& header);
    void keep(std::string name, const Header& header, ByteCount size);
    std::string prelude_text(const Header& header, ByteCount length_max) const;
    std::string long_name(const Header& header) const;
    ByteCount size_of(const Header& header) const;
    void check_content(ByteCount length) const;
    void skip(ByteCount length);
    bool has_prelude() const { return preludes_ != 0; }
    ByteOffset content() const { return at_ + ByteCount{block_bytes}; }

    const ByteSource& file_;
    const ByteCount size_;
    ByteOffset at_;  // of the header in block_
    std::array<std::byte, block_bytes> block_{};
    PaxValues global_;
    PaxValues local_;                       // of the next member
    std::optional<std::string> long_name_;  // of the next member
    unsigned preludes_ = 0;
    ByteOffset prelude_at_;
    std::size_t entries_ = 0;
    ByteCount names_bytes_;
    std::set<std::string, std::less<>> names_;
    Archive result_;
};

/// False at the archive's end.
bool Walk::read_block() {
    const std::uint64_t left = at_.value < size_.value ? size_.value - at_.value : 0;
    if (left == 0) {
        result_.warnings.push_back(
            fmt::format("'{}' ends without the two zero blocks that end a tar archive: it may "
                        "have been cut off after a member",
                        file_.name()));
        return false;
    }
    if (left < block_bytes)
        throw corrupt(file_, at_, fmt::format("expected a block of {} bytes, found {}", block_bytes, left));
    file_.read_at(at_, block_);
    if (!is_zero(block_)) return true;
    warn_after_end();
    return false;
}

void Walk::warn_after_end() {
    const std::size_t length = read_some(file_, content(), block_);
    if (!is_zero(ByteView(block_).first(length)))
        result_.warnings.push_back(
            fmt::format("'{}' continues after the zero block at offset {}, which ends a tar "
                        "archive: the rest is not read",
                        file_.name(), at_.value));
}

void Walk::take(const Header& header) {
    switch (header.type) {
        case 'x':
        case 'g':
        case 'L':
        case 'K':
            return take_prelude(header);
        case 'S':
            throw refused(file_, at_,
                          fmt::format("'{}' is a sparse file of GNU tar, which varve does not unpack; unpack the "
                                      "archive with 'tar' and use the files in it",
                                      excerpt(header.name)));
        case 'M':
            throw refused(
                file_, at_,
                fmt::format("'{}' began on another tape; join the parts with 'tar' first", excerpt(header.name)));
        default:
            return take_member(header);
    }
}

void Walk::take_prelude(const Header& header) {
    if (++preludes_ > preludes_max)
        throw corrupt(file_, at_, fmt::format("expected at most {} headers before a member's own", preludes_max));
    prelude_at_ = at_;
    if (header.type == 'L') long_name_ = long_name(header);
    if (header.type == 'K') prelude_text(header, long_name_bytes_max);
    if (header.type == 'x') parse_pax(prelude_text(header, pax_bytes_max), local_, file_, at_);
    if (header.type == 'g') parse_pax(prelude_text(header, pax_bytes_max), global_, file_, at_);
    skip(header.size);
}

std::string Walk::prelude_text(const Header& header, ByteCount length_max) const {
    if (header.size > length_max)
        throw corrupt(file_, at_,
                      fmt::format("expected an extended header ('{}') of at most {} bytes, found {}", header.type,
                                  length_max.value, header.size.value));
    check_content(header.size);
    std::string text(static_cast<std::size_t>(header.size.value), '\0');
    file_.read_at(content(), std::as_writable_bytes(std::span(text)));
    return text;
}

std::string Walk::long_name(const Header& header) const {
    std::string name = prelude_text(header, long_name_bytes_max);
    if (name.ends_with('\0')) name.pop_back();
    return name;
}

void Walk::take_member(const Header& header) {
    if (++entries_ > members_max)
        throw refused(file_, at_,
                      fmt::format("expected at most {} members, as no package of disks has more", members_max));
    const auto& path = local_.path ? local_.path : global_.path;
    const bool is_by_path = path && !path->empty();
    std::string name = is_by_path ? *path : long_name_ ? *long_name_ : header.name;
    const ByteCount size = has_content(header.type) ? size_of(header) : ByteCount{};
    check_content(size);
    const bool is_folder = header.type == '5' || (header.type == '0' && name.ends_with('/'));
    if (!is_folder) keep(std::move(name), header, size);
    local_ = {};
    long_name_.reset();
    preludes_ = 0;
    skip(size);
}

void Walk::keep(std::string name, const Header& header, ByteCount size) {
    if (const std::string_view fault = name_fault(name); !fault.empty())
        throw refused(file_, at_, fmt::format("'{}' is {}: varve does not read such archives", excerpt(name), fault));
    name = without_own_folder(name);
    names_bytes_ += {name.size()};
    if (name.size() > long_name_bytes_max.value || names_bytes_ > all_names_bytes_max)
        throw refused(file_, at_,
                      fmt::format("expected names of at most {} bytes, and {} together, as no package of disks has "
                                  "more",
                                  long_name_bytes_max.value, all_names_bytes_max.value));
    if (!names_.insert(name).second)
        throw refused(file_, at_,
                      fmt::format("'{}' is in the archive twice, and which one is meant is unknown; unpack it with "
                                  "'tar', look at both and pack one",
                                  excerpt(name)));
    const std::string_view kind = other_kind(header.type);
    if (kind.empty())
        result_.members.push_back({std::move(name), {content(), size}});
    else
        result_.others.push_back({std::move(name), std::string(kind)});
}

/// A size in an extended header overrides that of the field.
ByteCount Walk::size_of(const Header& header) const {
    const auto& text = local_.size ? local_.size : global_.size;
    if (!text || text->empty()) return header.size;
    const auto size = parse_number<std::uint64_t>(*text);
    if (!size)
        throw corrupt(file_, at_, fmt::format("expected the pax record 'size' in bytes, found '{}'", excerpt(*text)));
    return ByteCount{*size};
}

void Walk::check_content(ByteCount length) const {
    const ByteCount left = size_ - ByteCount{content().value};
    if (length > left)
        throw corrupt(file_, at_,
                      fmt::format("expected a member of at most {} bytes, the rest of the archive, found one of {}",
                                  left.value, length.value));
}

/// Moves to the next header. The content is known to end within the archive.
void Walk::skip(ByteCount length) { at_ = content() + ByteCount{divide_up(length.value, block_bytes) * block_bytes}; }

}  // namespace

const Member* Archive::find(std::string_view name, const std::string& archive) const {
    const auto other = std::ranges::find(others, name, &OtherMember::name);
    if (other != others.end())
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' contains '{}' as {}, which varve does not follow; pack the file itself", archive,
                                name, other->what));
    const auto member = std::ranges::find(members, name, &Member::name);
    return member == members.end() ? nullptr : &*member;
}

bool is_tar(const ByteSource& archive) {
    std::array<std::byte, block_bytes> block{};
    return read_some(archive, ByteOffset{}, block) == block.size() && claims_a_header(block);
}

Archive read_archive(const ByteSource& archive) { return Walk(archive).run(); }

std::vector<Member> read_members(const ByteSource& archive) { return read_archive(archive).members; }

}  // namespace varve::tar
