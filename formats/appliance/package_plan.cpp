#include "formats/appliance/package_plan.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/vmdk/new_layout.h"

namespace varve::appliance {
namespace {

void check_size(ByteCount virtual_size) {
    try {
        vmdk::check_new_size(virtual_size);
    } catch (Error& error) {
        error.with_context("an appliance holds its disks as VMDK images");
        throw;
    }
}

bool ends_with_gz(std::string_view name) { return name.ends_with(".gz") || name.ends_with(".GZ"); }

/// The stem of an image's name, from the kept one: no longer compressed, and a VMDK whatever it was before.
std::string image_stem(std::string_view name) {
    if (ends_with_gz(name)) name.remove_suffix(3);
    return std::string(stem_of(name));
}

bool is_gzip(ByteView bytes) { return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b}; }

}  // namespace

PackagePlan::PackagePlan(const std::string& stem, std::vector<PlannedDisk> disks, const CreationOptions& options,
                         KeptFiles kept)
    : options_(options), disks_(std::move(disks)) {
    VARVE_CHECK(!disks_.empty());
    for (const PlannedDisk& disk : disks_) check_size(disk.virtual_size);
    machine_ = options_.machine.value_or(can_name_machine(stem) ? stem : plain_stem(stem));
    descriptor_name_ = names_.take(stem, ".ovf");
    manifest_name_ = names_.take(stem, ".mf");
    if (kept.descriptor && options_.keeps_descriptor) reuse(kept);
    if (!revision_) generate(stem);
    warn_of_left_out(kept);
}

void PackagePlan::reuse(KeptFiles& kept) {
    std::vector<std::string> sources;
    for (const PlannedDisk& disk : disks_) sources.push_back(disk.source);
    std::vector<DescriptorRevision::Reference> references;
    try {
        revision_.emplace(kept.descriptor->bytes);
        references = revision_->match(sources);
    } catch (const Error& error) {
        revision_.reset();
        warnings_.push_back(fmt::format("the appliance gets a plain descriptor, because the kept '{}' does not fit: {}",
                                        kept.descriptor->name, error.what()));
        return;
    }
    reused_files_.push_back({kept.descriptor->name, {kept.descriptor->bytes.size()}});
    warn_of_foreign_hardware(kept.descriptor->name);
    std::vector<DescriptorRevision::NewFile> files;
    for (const auto& reference : references) files.push_back(take(reference, kept));
    revision_->apply(files);
    if (options_.machine) revision_->set_machine_name(*options_.machine);
}

/// Each product refuses the other's hardware, and only the user knows where the appliance goes.
void PackagePlan::warn_of_foreign_hardware(const std::string& descriptor) {
    for (const std::string& family : revision_->hardware_families())
        if (family.starts_with("virtualbox"))
            warnings_.push_back(
                fmt::format("the kept '{}' requires VirtualBox's hardware ({}), which VMware refuses: "
                            "for VMware use -o descriptor=plain",
                            descriptor, family));
    if (const auto mark = revision_->mark_of_ovf2())
        warnings_.push_back(
            fmt::format("the kept '{}' is a descriptor of OVF 2.0 ({}), which VMware refuses: for "
                        "VMware use -o descriptor=plain",
                        descriptor, *mark));
}

/// Adds the disk or the kept file that a reference leads to as a member, if there is one.
DescriptorRevision::NewFile PackagePlan::take(const DescriptorRevision::Reference& reference, KeptFiles& kept) {
    if (reference.disk) {
        members_.push_back({names_.take(image_stem(reference.name), ".vmdk"), reference.disk, {}});
        return {members_.back().name, disks_[*reference.disk].virtual_size};
    }
    const auto file = std::ranges::find(kept.others, reference.name, &KeptFile::name);
    if (file == kept.others.end()) return {};
    reused_files_.push_back({file->name, {file->bytes.size()}});
    members_.push_back({names_.take(file->name), {}, std::move(*file)});
    kept.others.erase(file);
    return {members_.back().name, {}, is_gzip(members_.back().file.bytes)};
}

void PackagePlan::generate(const std::string& stem) {
    const std::size_t places = disks_max(options_.adapter_type);
    if (disks_.size() > places)
        throw Error(ErrorCode::unsupported,
                    fmt::format("{} disks don't fit into one appliance: with adapter_type={} a machine has {} at most",
                                disks_.size(), vmdk::name_of(options_.adapter_type), places));
    for (std::size_t i = 0; i < disks_.size(); ++i)
        members_.push_back({names_.take(plain_stem(stem), fmt::format("-disk{}.vmdk", i + 1)), i, {}});
}

void PackagePlan::warn_of_left_out(const KeptFiles& kept) {
    for (const KeptFile& file : kept.others)
        warnings_.push_back(fmt::format(
            "the kept file '{}' is not packed: the appliance's descriptor does not reference it", file.name));
}

std::vector<std::size_t> PackagePlan::disk_order() const {
    std::vector<std::size_t> order;
    for (const PlannedMember& member : members_)
        if (member.disk) order.push_back(*member.disk);
    return order;
}

std::string PackagePlan::descriptor(std::span<const ByteCount> lengths) {
    VARVE_CHECK(lengths.size() == members_.size());
    if (revision_) return revision_->text(lengths);
    std::vector<DescribedDisk> packed;
    for (std::size_t i = 0; i < members_.size(); ++i)
        packed.push_back({members_[i].name, lengths[i], disks_[*members_[i].disk].virtual_size});
    return describe_machine(machine_, packed, options_.adapter_type);
}

}  // namespace varve::appliance
