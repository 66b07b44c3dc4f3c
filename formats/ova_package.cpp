#include "formats/ova_package.h"

#include <utility>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/ova_names.h"
#include "formats/vmdk_header_writer.h"

namespace varve::ova {
namespace {

void check_size(ByteCount virtual_size) {
    try {
        vmdk::check_new_size(virtual_size);
    } catch (Error& error) {
        error.with_context("an appliance holds its disks as VMDK images");
        throw;
    }
}

void check_disks(const std::vector<DiskToPack>& disks, vmdk::AdapterType adapter_type) {
    VARVE_CHECK(!disks.empty());
    const std::size_t disks_max = ovf::disks_max(adapter_type);
    if (disks.size() > disks_max)
        throw Error(ErrorCode::unsupported,
                    fmt::format("{} disks don't fit into one appliance: with adapter_type={} a machine has {} at most",
                                disks.size(), vmdk::name_of(adapter_type), disks_max));
    for (const DiskToPack& disk : disks) check_size(disk.virtual_size);
}

}  // namespace

PackagePlan::PackagePlan(const std::string& stem, std::vector<DiskToPack> disks, const CreationOptions& options)
    : options_(options), disks_(std::move(disks)) {
    check_disks(disks_, options_.adapter_type);
    MemberNames names;
    machine_ = options_.machine.value_or(can_name_machine(stem) ? stem : plain_stem(stem));
    descriptor_name_ = names.take(stem, ".ovf");
    manifest_name_ = names.take(stem, ".mf");
    for (std::size_t i = 0; i < disks_.size(); ++i)
        members_.push_back({names.take(plain_stem(stem), fmt::format("-disk{}.vmdk", i + 1)), i});
}

std::string PackagePlan::descriptor(std::span<const ByteCount> lengths) const {
    VARVE_CHECK(lengths.size() == members_.size());
    std::vector<ovf::PackedDisk> packed;
    for (std::size_t i = 0; i < members_.size(); ++i)
        packed.push_back({members_[i].name, lengths[i], disks_[members_[i].disk].virtual_size});
    return ovf::describe_machine(machine_, packed, options_.adapter_type);
}

}  // namespace varve::ova
