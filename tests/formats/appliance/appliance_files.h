#pragma once
/// Appliances for the tests: real images by qemu-img, archives by tar, manifests by sha*sum, and descriptors composed
/// here.

#include <string>
#include <vector>

namespace varve::appliance_test {

/// A File element and the Disk on it. Empty texts are left out.
struct DescribedDisk {
    std::string id;
    std::string href;           ///< empty: an empty disk
    std::string capacity = {};  ///< bytes
    std::string more = {};      ///< further attributes of the File
    std::string format = "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized";
    std::string parent = {};  ///< id of the disk that it only changes
};

/// A descriptor with those disks, and with `other_files` that belong to no disk.
std::string descriptor_of(const std::vector<DescribedDisk>& disks, const std::vector<std::string>& other_files = {});

/// A raw disk of `mib` MiB with data in about half of its 64 KiB blocks, by `seed`.
void make_disk(const std::string& path, unsigned mib, unsigned seed);

/// `raw` as an image of `format` (qemu-img's word), with its options.
void convert(const std::string& raw, const std::string& format, const std::string& path,
             const std::string& options = {});

/// The files of `folder`, in this order, as an archive of tar's `format`.
void archive(const std::string& folder, const std::vector<std::string>& files, const std::string& path,
             const std::string& format = "ustar");

/// "SHA256(a)= …" lines for the files of `folder`; `tool` is sha256sum or one of its kind.
std::string manifest_of(const std::string& folder, const std::vector<std::string>& files,
                        const std::string& tool = "sha256sum");

void put_text(const std::string& path, const std::string& text);

}  // namespace varve::appliance_test
