#pragma once
/// The grain table that a writer is filling: the places of the grains of 32 MiB of the disk. One thread at a time.

#include <algorithm>
#include <optional>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "formats/vmdk/new_layout.h"

namespace varve::vmdk {

class NewGrainTable {
public:
    /// The number of the table that maps the grain at `guest`.
    static std::uint64_t number_of(ByteOffset guest) { return guest.value / new_table_reach.value; }

    /// The number of this table: that of the first entry set since clear().
    std::optional<std::uint64_t> number() const { return number_; }

    /// `guest` belongs to this table, or no entry has been set yet.
    void set(ByteOffset guest, std::uint32_t entry) {
        VARVE_CHECK(!number_ || *number_ == number_of(guest));
        number_ = number_of(guest);
        const std::uint64_t index = guest.value % new_table_reach.value / new_grain.value;
        store_le<std::uint32_t>(ByteSpan(entries_).subspan(index * 4, 4), entry);
    }

    ByteView entries() const { return entries_; }

    void clear() {
        std::ranges::fill(entries_, std::byte{0});
        number_.reset();
    }

private:
    Bytes entries_ = Bytes(new_table_length.value);
    std::optional<std::uint64_t> number_;
};

}  // namespace varve::vmdk
