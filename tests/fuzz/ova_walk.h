#pragma once
/// What the fuzz targets of OVA and OVF do with one input. A test of tests/formats runs the corpus through it.

#include <algorithm>
#include <set>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/appliance/descriptor_reader.h"
#include "formats/appliance/href.h"
#include "formats/appliance/manifest.h"
#include "formats/tar/archive_reader.h"
#include "tests/fuzz/memory_source.h"

namespace varve::fuzz {

/// Every member must be within the archive and have a unique name that does not lead outside.
inline void check_archive(const tar::Archive& archive, ByteCount size) {
    std::set<std::string> names;
    const auto check_name = [&](const std::string& name) {
        VARVE_CHECK(!name.starts_with('/') && name != ".." && !name.starts_with("../"));
        VARVE_CHECK(name.find("/../") == std::string::npos && !name.ends_with("/.."));
        VARVE_CHECK(name.find('\0') == std::string::npos);
        VARVE_CHECK(names.insert(name).second);
    };
    for (const tar::Member& member : archive.members) {
        check_name(member.name);
        VARVE_CHECK(member.content.begin.value % 512 == 0 && member.content.begin.value >= 512);
        VARVE_CHECK(member.content.length <= size &&
                    member.content.begin.value <= size.value - member.content.length.value);
        VARVE_CHECK(archive.find(member.name, "input") == &member);
    }
    for (const tar::OtherMember& other : archive.others) check_name(other.name);
}

inline void list_as_it_is(ByteView input) {
    const ByteSourcePtr source = memory_source(input);
    try {
        tar::is_tar(*source);
        check_archive(tar::read_archive(*source), ByteCount{input.size()});
    } catch (const Error&) {
    }
}

/// With a correct checksum in each block that is not all zeros, so that mutations get past it.
inline Bytes sealed(ByteView input) {
    Bytes out(input.begin(), input.end());
    for (std::size_t at = 0; at + 512 <= out.size(); at += 512) {
        const ByteSpan block = ByteSpan(out).subspan(at, 512);
        if (is_zero(block)) continue;
        std::fill_n(block.begin() + 148, 8, std::byte{' '});
        unsigned sum = 0;
        for (const std::byte one : block) sum += std::to_integer<unsigned>(one);
        for (std::size_t i = 6; i-- > 0; sum /= 8) block[148 + i] = static_cast<std::byte>('0' + sum % 8);
    }
    return out;
}

/// As it is, and with correct checksums. May throw nothing but Error.
inline void list_archive(ByteView input) {
    list_as_it_is(input);
    list_as_it_is(sealed(input));
}

inline void check_descriptor(const appliance::Descriptor& descriptor) {
    std::set<std::string> files, disks;
    for (const appliance::FileElement& file : descriptor.files) {
        VARVE_CHECK(files.insert(file.id).second && !file.href.empty());
        VARVE_CHECK(!file.chunk_size || file.chunk_size->value > 0);
        const std::string decoded = appliance::decoded_href(file.href);
        const bool is_followed = !appliance::href_fault(file.href);
        VARVE_CHECK(!is_followed || (decoded.find('\0') == std::string::npos && !decoded.starts_with('/') &&
                                     !decoded.starts_with("../") && decoded.find("/../") == std::string::npos));
    }
    for (const appliance::DiskElement& disk : descriptor.disks) {
        VARVE_CHECK(disks.insert(disk.id).second);
        VARVE_CHECK(disk.file.empty() || files.contains(disk.file));
        VARVE_CHECK(!disk.capacity || disk.capacity->value < std::uint64_t{1} << 63);
    }
    for (const appliance::DiskElement& disk : descriptor.disks)
        VARVE_CHECK(disk.parent.empty() || (disks.contains(disk.parent) && disk.parent != disk.id));
}

inline void check_manifest(const appliance::Manifest& manifest) {
    for (const appliance::ManifestEntry& entry : manifest.entries) {
        VARVE_CHECK(entry.digest.size() == digest_bytes(entry.algorithm));
        const appliance::ManifestEntry* found = manifest.find(entry.file);
        VARVE_CHECK(found != nullptr && found->file == entry.file && found->algorithm >= entry.algorithm);
    }
}

/// After an odd first byte ('m') the input is a manifest, after an even one ('d') a descriptor.
inline void parse_ovf(ByteView input) {
    if (input.empty()) return;
    try {
        if ((std::to_integer<unsigned>(input[0]) & 1) != 0)
            check_manifest(appliance::parse_manifest(input.subspan(1), "'input'"));
        else
            check_descriptor(appliance::parse_descriptor(input.subspan(1), "'input'"));
    } catch (const Error&) {
    }
}

}  // namespace varve::fuzz
