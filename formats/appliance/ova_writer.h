#pragma once
/// Writes an appliance (OVA): one tar archive with the descriptor of a machine, a manifest and its disks, each a VMDK
/// of the kind streamOptimized.
///
///     header | NAME.ovf, blanks to its room
///     header | NAME.mf                          (left out with manifest=none)
///     for each member: header | its bytes, zeros to 512
///     1024 zeros
///
/// What the first two say of the others is known at the end only: they get their room at the start and are written
/// last, with all headers. So the output must take writes in any order: a file, not a pipe. Members are hashed as they
/// pass. Decision: with options.uuid the times in the archive are 1980-01-01, so that the same disks are the same
/// bytes.
///
/// Nothing exists under the final name before finish() returned. One thread at a time.

#include <memory>

#include "engine/image/image_writer.h"
#include "formats/appliance/package_plan.h"
#include "formats/output/output.h"

namespace varve::appliance {

class OvaWriter {
public:
    OvaWriter(std::unique_ptr<Output> output, PackagePlan plan);
    ~OvaWriter();
    OvaWriter(OvaWriter&&) noexcept;
    OvaWriter& operator=(OvaWriter&&) noexcept;

    /// The image of the next disk of the plan's disk_order(); one at a time, each destroyed before its
    /// OvaWriter. Its finish() ends the member, no more; after an error the appliance is lost.
    std::unique_ptr<ImageWriter> begin_disk();

    /// When all disks are finished: completes the archive, makes it durable and gives it its name.
    void finish();

    ByteCount bytes_written() const;

private:
    class Archive;
    std::unique_ptr<Archive> archive_;
};

/// For a plan of one disk: the writer of its image, whose finish() finishes the appliance.
std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, PackagePlan plan);

}  // namespace varve::appliance
