#pragma once
/// Writes an appliance (OVA): one tar archive with the descriptor of a machine, a manifest and its disks, each a
/// streamOptimized VMDK.
///
///     header | NAME.ovf, newlines up to its reserved length
///     header | NAME.mf                          (absent with manifest=none)
///     for each member: header | its bytes, zeros to 512
///     1024 zeros
///
/// The first two describe the others, so their content is known only at the end: their space is reserved at the start,
/// and they are written last. Each header is written after its member. So the output must take writes in any order: a
/// file, not a pipe. Members are hashed as they are written. Decision: with options.uuid the times in the archive are
/// 1980-01-01, so that the same disks give the same bytes.
///
/// Nothing exists under the final name before finish() has returned. One thread at a time.

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

    /// The writer of the next disk in the plan's disk_order(). Only one at a time; destroy each before the OvaWriter.
    /// Its finish() only ends the member; after an error the appliance is lost.
    std::unique_ptr<ImageWriter> begin_disk();

    /// After all disks are finished: completes the archive, makes it durable and gives it its name.
    void finish();

    ByteCount bytes_written() const;

private:
    class Archive;
    std::unique_ptr<Archive> archive_;
};

/// For a plan with one disk: the writer of its image, whose finish() also finishes the appliance.
std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, PackagePlan plan);

}  // namespace varve::appliance
