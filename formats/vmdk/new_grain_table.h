#pragma once
/// The one grain table that a writer holds: where the grains lie of 32 MiB of the disk. One thread at a time.

#include <algorithm>
#include <optional>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "formats/vmdk/header_writer.h"

namespace varve::vmdk {

class NewGrainTable {
public:
    /// The number of the table that maps the grain at `guest`.
    static std::uint64_t number_of(ByteOffset guest) { return guest.value / new_table_reach.value; }

    /// Which table is held: that of the first entry set since clear().
    std::optional<std::uint64_t> number() const { return number_; }

    /// `guest` is in the table that is held, or none is.
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
