#pragma once
/// Bytes as a plan of calls to a VMDK writer: any size, options and order of ranges. The result must have the layout of
/// its kind and read back as the same disk.

#include <memory>

#include "engine/base/check.h"
#include "formats/vmdk/sparse_writer.h"
#include "formats/vmdk/stream_writer.h"
#include "tests/fakes/memory_output.h"
#include "tests/formats/vmdk/sparse_layout.h"
#include "tests/formats/vmdk/stream_layout.h"
#include "tests/fuzz/write_plan.h"

namespace varve::fuzz {

struct VmdkPlan {
    vmdk::CreationOptions options;
    unsigned workers = 1;
    Bytes guest;
    std::vector<WriteStep> steps;
};

inline VmdkPlan choose_vmdk_plan(ByteView input) {
    Choices choices(input);
    VmdkPlan plan;
    if (choices.yes()) plan.options.subformat = vmdk::Subformat::stream_optimized;
    plan.options.zeroed_grain = !plan.options.is_streamed() && choices.yes();
    if (choices.yes()) plan.options.uuid = vmdk::DiskUuid{std::byte{1}};
    plan.workers = 1 + static_cast<unsigned>(choices.below(3));
    // Some disks extend into a second table, which then has little data.
    const std::uint64_t more = choices.below(32) == 0 ? 65536 : 0;
    plan.guest.resize(512 * (1 + choices.below(512) + more));
    const std::vector<std::uint64_t> units{1, 512, 4096, 65536, 65537, 1 << 20, 32 << 20};
    for (std::uint64_t at = 0; at < plan.guest.size() && !choices.done();) {
        const std::uint64_t unit = units[choices.below(units.size())];
        const std::uint64_t end = std::min<std::uint64_t>((at / unit + 1 + choices.below(5)) * unit, plan.guest.size());
        WriteStep step{{{at}, {end - at}}, ExtentKind::unallocated};
        if (unit < (1 << 20))
            step.kind = std::vector{ExtentKind::data, ExtentKind::data, ExtentKind::zero,
                                    ExtentKind::unallocated}[choices.below(4)];
        if (step.kind == ExtentKind::data)
            choose_bytes(choices, nullptr, at, ByteSpan(plan.guest).subspan(at, end - at));
        plan.steps.push_back(step);
        at = end;
    }
    return plan;
}

inline Bytes write_vmdk(const VmdkPlan& plan) {
    const auto medium = std::make_shared<MemoryMedium>();
    const ByteCount size{plan.guest.size()};
    auto output = std::make_unique<MemoryOutput>(medium);
    const auto writer = plan.options.is_streamed()
                            ? vmdk::create_stream_writer(std::move(output), size, plan.options, plan.workers)
                            : vmdk::create_sparse_writer(std::move(output), size, plan.options, "a.vmdk");
    for (const WriteStep& step : plan.steps) {
        if (step.kind == ExtentKind::zero) writer->zero(step.range);
        if (step.kind == ExtentKind::data)
            writer->write(step.range.begin,
                          ByteView(plan.guest).subspan(step.range.begin.value, step.range.length.value));
    }
    writer->finish();
    VARVE_CHECK(medium->committed);
    return medium->bytes;
}

inline void check_sparse_grains(const VmdkPlan& plan, const std::vector<writer_test::SparseLayout::Grain>& grains) {
    using enum writer_test::SparseLayout::Grain;
    std::vector<bool> mentioned(grains.size());
    for (const WriteStep& step : plan.steps)
        if (step.kind != ExtentKind::unallocated)
            for (std::uint64_t i = step.range.begin.value / 65536; i * 65536 < step.range.end().value; ++i)
                mentioned[i] = true;
    for (std::uint64_t i = 0; i < grains.size(); ++i) {
        const std::uint64_t length = std::min<std::uint64_t>(65536, plan.guest.size() - i * 65536);
        const bool has_data = !is_zero(ByteView(plan.guest).subspan(i * 65536, length));
        VARVE_CHECK(grains[i] == (has_data ? data : mentioned[i] && plan.options.zeroed_grain ? zeroed : unallocated));
    }
}

/// Aborts, or throws std::logic_error, at any violation.
inline void check_vmdk_plan(const VmdkPlan& plan) {
    const Bytes image = write_vmdk(plan);
    if (plan.options.is_streamed()) {
        VARVE_CHECK(writer_test::StreamLayout(image).guest() == plan.guest);
    } else {
        const writer_test::SparseLayout layout(image);
        VARVE_CHECK(layout.guest() == plan.guest);
        check_sparse_grains(plan, layout.grains());
    }
    if (plan.options.uuid) VARVE_CHECK(write_vmdk(plan) == image);
}

}  // namespace varve::fuzz
