#include "formats/lvm/exception_store.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/check.h"
#include "engine/base/error.h"

namespace varve::lvm {
namespace {

constexpr std::uint32_t store_magic = 0x70416e53;  // "SnAp"
constexpr std::uint32_t store_version = 1;
constexpr std::uint64_t chunk_unit_bytes = 512;
constexpr std::uint64_t chunk_bytes_max = std::uint64_t{1} << 30;  // the largest power of two that the kernel accepts
constexpr std::uint64_t exception_bytes = 16;
constexpr std::size_t list_piece_bytes = 64 << 10;
constexpr std::size_t runs_max = std::size_t{16} << 20;
constexpr std::uint64_t run_length_max = 0xffff;
constexpr std::uint64_t store_chunks_max = std::uint64_t{1} << 48;

}  // namespace

ExceptionStore::ExceptionStore(ByteSourcePtr device, const SnapshotShape& shape)
    : device_(std::move(device)), size_(shape.size) {
    read_header(shape.chunk_size);
    store_chunks_ = std::min(device_->size().value / chunk_size_.value, store_chunks_max);
    if (was_written_) read_areas();
    sort_exceptions();
}

void ExceptionStore::read_header(ByteCount chunk_size_in_metadata) {
    std::array<std::byte, 16> bytes;
    if (device_->size().value < bytes.size())
        fail({}, fmt::format("its {} bytes are too few for a header", device_->size().value));
    device_->read_at({}, bytes);
    ByteReader header(bytes, "header");
    const std::uint32_t found = header.u32le();
    was_written_ = found != 0;
    if (!was_written_) return take_chunk_size(chunk_size_in_metadata.value);  // never activated
    if (found != store_magic)
        fail({}, fmt::format("it begins with {:#010x} instead of {:#010x}: it is damaged or not a snapshot's store",
                             found, store_magic));
    const std::uint32_t valid = header.u32le();
    const std::uint32_t version = header.u32le();
    if (version != store_version)
        throw Error(ErrorCode::unsupported, fmt::format("exception store, {}: unknown version {}, expected {}",
                                                        device_->place({8}), version, store_version));
    if (valid == 0)
        throw Error(ErrorCode::refused,
                    fmt::format("exception store, {}: the snapshot overflowed or failed and is lost; remove it with "
                                "lvremove and take a new one, of a larger size",
                                device_->place({4})));
    if (valid != 1) fail({4}, fmt::format("expected 1 as the mark of a valid snapshot, found {}", valid));
    take_chunk_size(header.u32le() * chunk_unit_bytes);
}

void ExceptionStore::take_chunk_size(std::uint64_t bytes) {
    if (!std::has_single_bit(bytes) || bytes < chunk_unit_bytes || bytes > chunk_bytes_max)
        fail({}, fmt::format("expected a chunk size that is a power of two from {} to {} bytes, found {}",
                             chunk_unit_bytes, chunk_bytes_max, bytes));
    chunk_size_ = {bytes};
}

void ExceptionStore::read_areas() {
    bool is_full = true;
    for (std::uint64_t chunk = 1; is_full && chunk < store_chunks_; chunk += stride()) {
        is_full = read_area({chunk * chunk_size_.value});
        ++areas_;
    }
    if (areas_ == 0)
        fail(ByteOffset{} + chunk_size_,
             fmt::format("expected the first list of exceptions here, but the store has only {} bytes",
                         device_->size().value));
}

/// Returns whether the list continues in the next area.
bool ExceptionStore::read_area(ByteOffset at) {
    const ByteOffset end = at + chunk_size_;
    Bytes piece(static_cast<std::size_t>(std::min<std::uint64_t>(list_piece_bytes, chunk_size_.value)));
    for (; at < end; at += ByteCount{piece.size()}) {
        device_->read_at(at, piece);
        for (std::size_t i = 0; i < piece.size(); i += exception_bytes) {
            const ByteView exception = ByteView(piece).subspan(i);
            const auto store_chunk = load_le<std::uint64_t>(exception.subspan(8));
            if (store_chunk == 0) return false;
            add(load_le<std::uint64_t>(exception), store_chunk, at + ByteCount{i});
        }
    }
    return true;
}

void ExceptionStore::add(std::uint64_t origin_chunk, std::uint64_t store_chunk, ByteOffset at) {
    check_exception(origin_chunk, store_chunk, at);
    ++exceptions_;
    if (!runs_.empty()) {
        Exceptions& last = runs_.back();
        const bool follows = last.end() == origin_chunk && last.store() + last.count() == store_chunk;
        if (follows && last.count() < run_length_max) {
            ++last.store_and_count;
            return;
        }
    }
    if (runs_.size() == runs_max)
        throw Error(ErrorCode::unsupported,
                    fmt::format("exception store, {}: its chunks form more than {} runs, too many to keep in memory; "
                                "take snapshots more often or with larger chunks (lvcreate --chunksize)",
                                device_->place(at), runs_max));
    runs_.push_back({origin_chunk, store_chunk << 16 | 1});
}

void ExceptionStore::check_exception(std::uint64_t origin_chunk, std::uint64_t store_chunk, ByteOffset at) const {
    if (origin_chunk >= origin_chunks())
        fail(at, fmt::format("an exception is for chunk {} of the origin, which has only {}", origin_chunk,
                             origin_chunks()));
    if (store_chunk >= store_chunks_)
        fail(at,
             fmt::format("an exception is in chunk {} of the store, which has only {}", store_chunk, store_chunks_));
    if (store_chunk % stride() == 1)
        fail(at,
             fmt::format("an exception is in chunk {} of the store, which holds a list of exceptions", store_chunk));
}

/// The lists have them in the order in which they were committed.
void ExceptionStore::sort_exceptions() {
    const auto by_store = [](const Exceptions& a, const Exceptions& b) { return a.store() < b.store(); };
    const auto by_origin = [](const Exceptions& a, const Exceptions& b) { return a.begin < b.begin; };
    if (!std::is_sorted(runs_.begin(), runs_.end(), by_store)) std::sort(runs_.begin(), runs_.end(), by_store);
    for (std::size_t i = 1; i < runs_.size(); ++i)
        if (runs_[i - 1].store() + runs_[i - 1].count() > runs_[i].store())
            fail({}, fmt::format("two exceptions are in chunk {} of the store", runs_[i].store()));
    std::sort(runs_.begin(), runs_.end(), by_origin);
    for (std::size_t i = 1; i < runs_.size(); ++i)
        if (runs_[i - 1].end() > runs_[i].begin)
            fail({}, fmt::format("two exceptions are for chunk {} of the origin", runs_[i].begin));
}

ExceptionStore::Run ExceptionStore::run_at(std::uint64_t chunk) const {
    VARVE_CHECK(chunk < origin_chunks());
    const auto next = std::upper_bound(runs_.begin(), runs_.end(), chunk,
                                       [](std::uint64_t a, const Exceptions& b) { return a < b.begin; });
    if (next != runs_.begin()) {
        const Exceptions& run = *std::prev(next);
        if (chunk < run.end()) return {true, run.end() - chunk, run.store() + (chunk - run.begin)};
    }
    return {false, (next == runs_.end() ? origin_chunks() : next->begin) - chunk, 0};
}

void ExceptionStore::fail(ByteOffset at, const std::string& problem) const {
    throw Error(ErrorCode::corrupt, fmt::format("exception store, {}: {}", device_->place(at), problem));
}

}  // namespace varve::lvm
