#pragma once
/// What the fuzz target of whole appliances does with one input. A test of tests/formats runs the corpus through it.

#include <fmt/format.h>

#include "formats/appliance/descriptor_revision.h"
#include "formats/appliance/open_disk.h"
#include "formats/appliance/package_reader.h"
#include "formats/chain/image_references.h"
#include "formats/registry.h"
#include "tests/fuzz/ova_walk.h"
#include "tests/fuzz/vmdk_walk.h"

namespace varve::fuzz {

inline std::uint64_t octal_at(ByteView block, std::size_t at, std::size_t length) {
    std::uint64_t value = 0;
    for (const std::byte digit : block.subspan(at, length))
        if (digit >= std::byte{'0'} && digit <= std::byte{'7'})
            value = value * 8 + (std::to_integer<std::uint64_t>(digit) - '0');
    return value;
}

/// With a correct checksum in each header, member by member, so that contents stay unchanged.
inline Bytes with_sealed_headers(ByteView input) {
    Bytes out(input.begin(), input.end());
    for (std::size_t at = 0; at + 512 <= out.size();) {
        const ByteSpan block = ByteSpan(out).subspan(at, 512);
        const Bytes header = sealed(block);
        std::copy(header.begin(), header.end(), block.begin());
        const std::uint64_t length = std::min<std::uint64_t>(octal_at(block, 124, 12), out.size());
        at += 512 + static_cast<std::size_t>((length + 511) / 512 * 512);
    }
    return out;
}

inline ImageFile file_of(ByteView bytes) { return {memory_source(bytes), {"input", "/input", "/"}}; }

/// A kept descriptor that fits must become a readable one, whatever its disks are called.
inline void revise(const appliance::PackageReader& package) {
    std::vector<std::string> warnings;
    const std::vector<FileToAttach> files = package.small_files(warnings);
    if (files.empty()) return;
    appliance::DescriptorRevision revision(files.front().bytes);
    std::vector<std::string> names;
    for (const appliance::PackagedDisk& disk : package.disks()) names.push_back(disk.name);
    const auto references = revision.match(names);
    std::vector<appliance::DescriptorRevision::NewFile> becomes;
    std::vector<ByteCount> lengths;
    for (std::size_t i = 0; i < references.size(); ++i) {
        becomes.push_back({});
        if (!references[i].disk) continue;
        becomes.back() = {fmt::format("disk{}.vmdk", i), mib(1)};
        lengths.push_back(kib(64));
    }
    revision.apply(becomes);
    const std::string text = revision.text(lengths);
    const appliance::Descriptor again = appliance::parse_descriptor(bytes_of(text), "'revised'");
    VARVE_CHECK(again.disks.size() == package.disks().size());
}

inline void open_each_disk(ByteView input) {
    NoProgress none;
    std::shared_ptr<const appliance::PackageReader> package;
    try {
        package = std::make_shared<appliance::PackageReader>(file_of(input), std::make_unique<NoReferences>(),
                                                             appliance::ManifestUse::ignore);
    } catch (const Error&) {
        return;
    }
    for (std::size_t i = 0; i < std::min<std::size_t>(package->disks().size(), 4); ++i) {
        try {
            appliance::PackageOptions which;
            which.member = package->disks()[i].name;
            const OpenedImage image = appliance::open_disk(package, {}, {}, which, {none, {}}, format_registry());
            walk_vmdk(*image.reader, ByteOffset{});
        } catch (const Error&) {
        }
    }
    try {
        revise(*package);
    } catch (const Error&) {
    }
}

/// As it is, and with correct checksums. May throw nothing but Error.
inline void open_appliance(ByteView input) {
    open_each_disk(input);
    open_each_disk(with_sealed_headers(input));
}

}  // namespace varve::fuzz
