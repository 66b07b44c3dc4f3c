#include "formats/vhdx/log.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/base/image_error.h"
#include "formats/vhdx/patched_source.h"

namespace varve::vhdx {
namespace {

constexpr std::uint64_t sector = PatchedSource::page_bytes;
constexpr std::size_t entry_head_bytes = 64;
constexpr std::size_t descriptor_bytes = 32;
constexpr std::uint32_t entry_signature = 0x65676f6c;        // "loge"
constexpr std::uint32_t zero_signature = 0x6f72657a;         // "zero"
constexpr std::uint32_t data_signature = 0x63736564;         // "desc"
constexpr std::uint32_t data_sector_signature = 0x61746164;  // "data"
constexpr std::uint64_t log_bytes_max = 256 << 20;
constexpr std::uint64_t reserved_bytes = 192 << 10;  // the file's identifier and its headers, which no log changes
constexpr std::uint64_t file_bytes_max = std::uint64_t{1} << 62;
/// Entries that overlap are checked over and over; no writer makes them.
constexpr std::uint64_t checks_max = 4;

/// A valid entry: its checksum is right, and it belongs to this log.
struct Entry {
    std::uint64_t length = 0;
    std::uint64_t tail = 0;
    std::uint64_t sequence = 0;
    std::uint32_t descriptors = 0;
    std::uint64_t flushed_bytes = 0;
    std::uint64_t file_bytes = 0;
};

using Entries = std::map<std::uint64_t, Entry>;  // by their places in the log

/// The entries to replay, by their places.
using Run = std::vector<std::uint64_t>;

class Log {
public:
    Log(const ByteSource& file, const FileHeader& header) : file_(file), header_(header) {
        VARVE_CHECK(!header.log_range.empty());
        find_entries();
    }

    /// The run that counts, from its tail to its head; empty: there is none.
    Run active_run() const;
    const Entry& at(std::uint64_t place) const { return entries_.at(place); }
    void apply(std::uint64_t place, PatchedSource& patched) const;

private:
    std::uint64_t length() const { return header_.log_range.length.value; }
    /// The place `count` bytes behind `place` in the ring; `count` is at most its length.
    std::uint64_t behind(std::uint64_t place, std::uint64_t count) const {
        const std::uint64_t end = place + count;
        return end < length() ? end : end - length();
    }
    Bytes bytes_at(std::uint64_t place, std::uint64_t count) const;
    void find_entries();
    std::optional<Entry> parse(std::uint64_t place, std::uint64_t& budget) const;
    Run run_from(std::uint64_t place) const;
    Error bad_entry(std::uint64_t place, const std::string& what) const;
    void apply_zeros(std::uint64_t place, ByteView descriptor, PatchedSource& patched) const;
    void apply_data(std::uint64_t place, ByteView descriptor, ByteView sector_of_data, PatchedSource& patched) const;
    void check_target(std::uint64_t place, ByteRange target) const;

    const ByteSource& file_;
    const FileHeader& header_;
    Entries entries_;
};

/// Bytes of the ring, which goes on at its beginning.
Bytes Log::bytes_at(std::uint64_t place, std::uint64_t count) const {
    Bytes bytes(static_cast<std::size_t>(count));
    const std::uint64_t before_end = std::min(count, length() - place);
    const ByteSpan all(bytes);
    file_.read_at(header_.log_range.begin + ByteCount{place}, all.first(static_cast<std::size_t>(before_end)));
    file_.read_at(header_.log_range.begin, all.subspan(static_cast<std::size_t>(before_end)));
    return bytes;
}

void Log::find_entries() {
    std::uint64_t budget = checks_max * length();
    for (std::uint64_t place = 0; place < length(); place += sector)
        if (const auto entry = parse(place, budget)) entries_.emplace(place, *entry);
}

std::optional<Entry> Log::parse(std::uint64_t place, std::uint64_t& budget) const {
    const Bytes head = bytes_at(place, entry_head_bytes);
    const ByteView view(head);
    if (load_le<std::uint32_t>(view) != entry_signature || !std::ranges::equal(view.subspan(32, 16), header_.log.bytes))
        return std::nullopt;
    Entry entry;
    entry.length = load_le<std::uint32_t>(view.subspan(8));
    entry.tail = load_le<std::uint32_t>(view.subspan(12));
    entry.sequence = load_le<std::uint64_t>(view.subspan(16));
    entry.descriptors = load_le<std::uint32_t>(view.subspan(24));
    entry.flushed_bytes = load_le<std::uint64_t>(view.subspan(48));
    entry.file_bytes = load_le<std::uint64_t>(view.subspan(56));
    const std::uint64_t heads = entry_head_bytes + std::uint64_t{entry.descriptors} * descriptor_bytes;
    const bool is_sound = entry.length != 0 && entry.length % sector == 0 && entry.length <= length() &&
                          entry.tail % sector == 0 && entry.tail < length() && entry.sequence != 0 &&
                          heads <= entry.length;
    if (!is_sound) return std::nullopt;
    if (entry.length > budget)
        throw corrupt(file_, header_.log_range.begin + ByteCount{place},
                      "expected log entries one after the other, found many that overlap");
    budget -= entry.length;
    if (checksum_without(bytes_at(place, entry.length), 4) != load_le<std::uint32_t>(view.subspan(4)))
        return std::nullopt;
    return entry;
}

Run Log::run_from(std::uint64_t place) const {
    Run run{place};
    for (;;) {
        const Entry& last = at(run.back());
        const std::uint64_t next = behind(run.back(), last.length);
        const auto found = entries_.find(next);
        if (found == entries_.end() || found->second.sequence != last.sequence + 1) return run;
        run.push_back(next);
    }
}

/// Sequence numbers rise along a run, so that none contains an entry twice.
Run Log::active_run() const {
    std::set<std::uint64_t> followers;  // entries that another one leads to: no run begins there
    for (const auto& [place, entry] : entries_) {
        const auto next = entries_.find(behind(place, entry.length));
        if (next != entries_.end() && next->second.sequence == entry.sequence + 1) followers.insert(next->first);
    }
    Run best;
    for (const auto& [place, entry] : entries_) {
        if (followers.contains(place)) continue;
        Run run = run_from(place);
        const Entry& head = at(run.back());
        const auto tail = std::ranges::find(run, head.tail);
        const bool is_newer = best.empty() || head.sequence > at(best.back()).sequence;
        if (tail != run.end() && is_newer) best.assign(tail, run.end());
    }
    return best;
}

Error Log::bad_entry(std::uint64_t place, const std::string& what) const {
    return corrupt(file_, header_.log_range.begin + ByteCount{place}, "log entry: " + what);
}

void Log::check_target(std::uint64_t place, ByteRange target) const {
    const bool is_aligned = target.begin.value % sector == 0 && target.length.value % sector == 0;
    const bool is_possible = target.begin.value <= file_bytes_max && target.length.value <= file_bytes_max;
    const ByteRange log = header_.log_range;
    const bool is_outside =
        is_possible && target.begin.value >= reserved_bytes && (target.begin >= log.end() || target.end() <= log.begin);
    if (!is_aligned || !is_outside)
        throw bad_entry(place, fmt::format("expected an update of whole pages behind the headers and outside the log, "
                                           "found {} bytes at {}",
                                           target.length.value, target.begin.value));
}

void Log::apply_zeros(std::uint64_t place, ByteView descriptor, PatchedSource& patched) const {
    const ByteRange target{ByteOffset{load_le<std::uint64_t>(descriptor.subspan(16))},
                           ByteCount{load_le<std::uint64_t>(descriptor.subspan(8))}};
    check_target(place, target);
    patched.put_zeros(target);
}

/// The first 8 and the last 4 bytes of the page are in the descriptor; the sequence number is in their place.
void Log::apply_data(std::uint64_t place, ByteView descriptor, ByteView sector_of_data, PatchedSource& patched) const {
    const std::uint64_t sequence = std::uint64_t{load_le<std::uint32_t>(sector_of_data.subspan(4))} << 32 |
                                   load_le<std::uint32_t>(sector_of_data.last(4));
    if (load_le<std::uint32_t>(sector_of_data) != data_sector_signature || sequence != at(place).sequence)
        throw bad_entry(place, "expected a sector of data with the sequence number of the entry, found another one");
    const ByteOffset target{load_le<std::uint64_t>(descriptor.subspan(16))};
    check_target(place, {target, {sector}});
    Bytes page(sector_of_data.begin(), sector_of_data.end());
    std::ranges::copy(descriptor.subspan(8, 8), page.begin());
    std::ranges::copy(descriptor.subspan(4, 4), page.end() - 4);
    patched.put_page(target, std::move(page));
}

void Log::apply(std::uint64_t place, PatchedSource& patched) const {
    const Entry& entry = at(place);
    const Bytes bytes = bytes_at(place, entry.length);
    std::uint64_t data_at =
        divide_up(entry_head_bytes + std::uint64_t{entry.descriptors} * descriptor_bytes, sector) * sector;
    for (std::uint32_t i = 0; i < entry.descriptors; ++i) {
        const ByteView descriptor = ByteView(bytes).subspan(entry_head_bytes + i * descriptor_bytes, descriptor_bytes);
        const auto kind = load_le<std::uint32_t>(descriptor);
        if (load_le<std::uint64_t>(descriptor.subspan(24)) != entry.sequence)
            throw bad_entry(place, fmt::format("descriptor {}: expected the sequence number {} of the entry, found {}",
                                               i, entry.sequence, load_le<std::uint64_t>(descriptor.subspan(24))));
        if (kind == zero_signature) {
            apply_zeros(place, descriptor, patched);
        } else if (kind == data_signature && data_at + sector <= entry.length) {
            apply_data(place, descriptor, ByteView(bytes).subspan(static_cast<std::size_t>(data_at), sector), patched);
            data_at += sector;
        } else {
            throw bad_entry(place, fmt::format("descriptor {}: expected 'zero', or 'desc' with its data in the entry, "
                                               "found neither",
                                               i));
        }
    }
}

void check_length(const ByteSource& file, const FileHeader& header, const Entry& head) {
    const std::uint64_t size = file.size().value;
    if (size < head.flushed_bytes)
        throw corrupt(
            file, header.log_range.begin,
            fmt::format("the log expects a file of at least {} bytes, found {}: it was cut off; copy it again",
                        head.flushed_bytes, size));
    if (head.file_bytes > file_bytes_max)
        throw corrupt(
            file, header.log_range.begin,
            fmt::format("the log expects a file of at most {} bytes, found {}", file_bytes_max, head.file_bytes));
}

}  // namespace

ByteSourcePtr replay_log(const ByteSourcePtr& file, const FileHeader& header, std::vector<std::string>& warnings) {
    if (header.log.is_null()) return file;
    if (header.log_range.length.value > log_bytes_max)
        throw unsupported_image(
            *file, fmt::format("a log of {} bytes, more than {}", header.log_range.length.value, log_bytes_max));
    const Log log(*file, header);
    const Run run = log.active_run();
    if (run.empty())
        throw corrupt(*file, header.log_range.begin,
                      "expected a log with entries to replay, as the header has its id, found none that is valid");
    check_length(*file, header, log.at(run.back()));
    auto patched = std::make_shared<PatchedSource>(file);
    for (const std::uint64_t place : run) log.apply(place, *patched);
    patched->extend_to({log.at(run.back()).file_bytes});
    warnings.push_back(
        fmt::format("'{}' was not closed cleanly: the {} entries of its log were replayed in memory; the "
                    "file was not changed",
                    file->name(), run.size()));
    return patched;
}

}  // namespace varve::vhdx
