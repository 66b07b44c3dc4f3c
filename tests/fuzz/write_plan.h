#pragma once
/// Turns any bytes into a plan (a kind of qcow2 image, a backing image or none, and calls to its writer) and carries it
/// out in memory. The fuzz target checks the result with varve's own reader, a test of tests/formats with qemu-img.

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "formats/output/overlay_writer.h"
#include "formats/qcow2/writer.h"
#include "tests/fakes/memory_image.h"
#include "tests/fakes/memory_output.h"

namespace varve::fuzz {

/// Takes choices from bytes; after their end every choice is the first.
class Choices {
public:
    explicit Choices(ByteView bytes) : bytes_(bytes) {}

    std::uint64_t below(std::uint64_t n) {
        std::uint64_t value = 0;
        for (std::uint64_t reach = 1; reach < n; reach <<= 8) value = value << 8 | next();
        return value % n;
    }
    bool yes() { return below(2) == 1; }
    bool done() const { return bytes_.empty(); }
    const std::string& one_of(const std::vector<std::string>& words) { return words[below(words.size())]; }

private:
    std::uint64_t next() {
        if (bytes_.empty()) return 0;
        const auto value = std::to_integer<std::uint64_t>(bytes_.front());
        bytes_ = bytes_.subspan(1);
        return value;
    }
    ByteView bytes_;
};

struct WriteStep {
    ByteRange range;
    ExtentKind kind = ExtentKind::unallocated;  ///< data: write(); zero: zero(); unallocated: no call
};

/// The bytes of a disk, and the calls that write them, in ascending order.
struct WritePlan {
    OptionMap options;
    Bytes guest;
    std::vector<WriteStep> steps;
    std::shared_ptr<fakes::MemoryImage> backing;  ///< or none
};

/// Repeats `block` over `to`.
inline void fill(ByteSpan to, ByteView block) {
    for (std::size_t at = 0; at < to.size(); at += block.size())
        std::ranges::copy(block.first(std::min(block.size(), to.size() - at)),
                          to.begin() + static_cast<std::ptrdiff_t>(at));
}

/// 64 KiB: longer than deflate's window, so that deflate can't compress it.
inline Bytes noise(std::uint64_t seed) {
    Bytes bytes(65536);
    std::uint64_t state = seed;
    for (std::size_t at = 0; at < bytes.size(); at += 4) {
        state = state * 6364136223846793005 + 1442695040888963407;
        store_le<std::uint32_t>(ByteSpan(bytes).subspan(at, 4), static_cast<std::uint32_t>(state >> 32));
    }
    return bytes;
}

/// Fills `to` with compressible data, incompressible data, zeros, or the bytes of the backing image.
inline void choose_bytes(Choices& choices, const fakes::MemoryImage* backing, std::uint64_t at, ByteSpan to) {
    enum : std::uint64_t { zeros, text, random, mixed, as_backing, nearly_as_backing, kinds };
    const std::uint64_t kind = choices.below(kinds);
    const std::uint64_t seed = choices.below(256);
    const Bytes letters{std::byte{0}, static_cast<std::byte>(seed), std::byte{1}};
    if (kind == text) fill(to, letters);
    if (kind == random) fill(to, noise(seed));
    if (kind == mixed) {
        fill(to.first(to.size() / 2), noise(seed));
        fill(to.subspan(to.size() / 2), letters);
    }
    if (kind != as_backing && kind != nearly_as_backing) return;
    if (backing != nullptr && at < backing->bytes().size()) {
        const ByteView there = ByteView(backing->bytes()).subspan(at);
        std::ranges::copy(there.first(std::min(there.size(), to.size())), to.begin());
    }
    if (kind == nearly_as_backing) to[choices.below(to.size())] ^= std::byte{1};
}

inline void choose_steps(Choices& choices, WritePlan& plan) {
    const std::uint64_t cluster_size = qcow2::parse_options(plan.options).cluster_size().value;
    const std::vector<std::uint64_t> units{1, 512, 4096, cluster_size / 32, cluster_size / 32 + 1, cluster_size};
    for (std::uint64_t at = 0; at < plan.guest.size() && !choices.done();) {
        const std::uint64_t unit = units[choices.below(units.size())];
        const std::uint64_t end = std::min((at / unit + 1 + choices.below(5)) * unit, plan.guest.size());
        const WriteStep step{{{at}, {end - at}},
                             std::vector{ExtentKind::data, ExtentKind::data, ExtentKind::zero,
                                         ExtentKind::unallocated}[choices.below(4)]};
        if (step.kind == ExtentKind::data)
            choose_bytes(choices, plan.backing.get(), at, ByteSpan(plan.guest).subspan(at, end - at));
        plan.steps.push_back(step);
        at = end;
    }
}

/// A disk of about `size` bytes with pieces of data.
inline std::shared_ptr<fakes::MemoryImage> choose_backing(Choices& choices, std::uint64_t size) {
    const auto backing = std::make_shared<fakes::MemoryImage>(512 * (1 + choices.below(2 * size / 512 + 1)));
    const std::uint64_t end = backing->bytes().size();
    for (std::uint64_t at = 0, pieces = choices.below(6); pieces > 0 && at < end; --pieces) {
        at += choices.below(end - at);
        const std::uint64_t length = std::min<std::uint64_t>(1 + choices.below(200000), end - at);
        Bytes bytes(length, static_cast<std::byte>(choices.below(3)));
        bytes.front() = static_cast<std::byte>(choices.below(256));
        backing->write(at, bytes);
        at += length;
    }
    return backing;
}

/// Any valid combination of options.
inline OptionMap choose_options(Choices& choices, bool has_backing) {
    OptionMap options;
    const auto offer = [&](const std::string& word, const std::vector<std::string>& values) {
        const std::string value = choices.one_of(values);
        if (value.empty()) return;
        options[word] = value;
        try {
            qcow2::parse_options(options);
        } catch (const Error&) {
            options.erase(word);
        }
    };
    if (has_backing) options = {{"backing_file", "base.qcow2"}, {"backing_fmt", "qcow2"}};
    offer("cluster_size", {"512", "4K", "16K", "512", "4K", "16K", "64K", "4K", "16K", "64K", "", "256K", "2M"});
    offer("compat", {"", "0.10"});
    offer("extended_l2", {"", "on"});
    offer("lazy_refcounts", {"", "on"});
    offer("refcount_bits", {"", "1", "2", "4", "8", "32", "64"});
    offer("compress", {"", "on"});
    offer("compression_type", {"", "zstd"});
    offer("preallocation", {"", "metadata", "falloc", "full"});
    return options;
}

inline WritePlan choose_plan(ByteView input) {
    Choices choices(input);
    const bool has_backing = choices.yes();
    WritePlan plan;
    plan.options = choose_options(choices, has_backing);
    const std::uint64_t cluster_size = qcow2::parse_options(plan.options).cluster_size().value;
    const std::uint64_t sectors_max = std::min<std::uint64_t>(6 * cluster_size + (128 << 10), 5 << 20) / 512;
    plan.guest.resize(512 * choices.below(sectors_max) + (choices.below(4) == 0 ? choices.below(512) : 0));
    if (has_backing) plan.backing = choose_backing(choices, plan.guest.size());
    choose_steps(choices, plan);
    return plan;
}

/// The plan's image, as its file would be.
inline Bytes write_image(const WritePlan& plan) {
    const qcow2::CreationOptions options = qcow2::parse_options(plan.options);
    const ByteCount size{plan.guest.size()};
    const auto medium = std::make_shared<MemoryMedium>();
    auto output = preallocated(std::make_unique<MemoryOutput>(medium), options.preallocation, size);
    auto writer = qcow2::create_writer(std::move(output), size, options);
    if (plan.backing)
        writer =
            write_over(std::make_unique<fakes::MemoryImage>(*plan.backing), std::move(writer), size, options.unit());
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

/// The backing image's bytes, as a disk of the plan's size sees them.
inline Bytes seen_of_backing(const WritePlan& plan) {
    Bytes seen = plan.backing ? plan.backing->bytes() : Bytes();
    seen.resize(plan.guest.size());
    return seen;
}

/// The kind that the image alone must report for each of its units, regardless of its backing image.
inline std::vector<ExtentKind> expected_kinds(const WritePlan& plan) {
    const qcow2::CreationOptions options = qcow2::parse_options(plan.options);
    const std::uint64_t unit = options.unit().value;
    const bool is_reserved = options.preallocation != Preallocation::off && !options.extended_l2;
    const ExtentKind unmentioned = is_reserved ? ExtentKind::data : ExtentKind::unallocated;
    const ExtentKind zero = options.has_zero_flag()       ? ExtentKind::zero
                            : plan.backing || is_reserved ? ExtentKind::data
                                                          : ExtentKind::unallocated;
    const Bytes below = seen_of_backing(plan);
    std::vector<bool> mentioned(divide_up(plan.guest.size(), unit));
    for (const WriteStep& step : plan.steps)
        if (step.kind != ExtentKind::unallocated)
            for (std::uint64_t i = step.range.begin.value / unit; i * unit < step.range.end().value; ++i)
                mentioned[i] = true;
    std::vector<ExtentKind> kinds;
    for (std::uint64_t begin = 0; begin < plan.guest.size(); begin += unit) {
        const ByteView bytes =
            ByteView(plan.guest).subspan(begin, std::min<std::uint64_t>(unit, plan.guest.size() - begin));
        const bool differs = !std::ranges::equal(bytes, ByteView(below).subspan(begin, bytes.size()));
        const bool is_present = plan.backing ? differs : mentioned[begin / unit];
        kinds.push_back(!is_present ? unmentioned : is_zero(bytes) ? zero : ExtentKind::data);
    }
    return kinds;
}

}  // namespace varve::fuzz
