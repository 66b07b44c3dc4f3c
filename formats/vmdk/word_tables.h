#pragma once
/// The tables of an extent as little-endian words. Most tables are small neighbours of each other, so that the extent's
/// whole file is one area of pages. Tables are aligned to sectors, so no word spans two pages. Immutable; safe from
/// many threads.

#include <memory>

#include "formats/base/table_pages.h"

namespace varve::vmdk {

/// Words that follow each other in one page.
struct WordRun {
    TableEntries entries;
    std::size_t count = 0;  ///< at least 1

    std::uint64_t operator[](std::size_t index) const {
        const ByteView word = entries[index];
        return word.size() == 4 ? load_le<std::uint32_t>(word) : load_le<std::uint64_t>(word);
    }
};

class WordTables {
public:
    /// Words of 4 or 8 bytes.
    WordTables(ByteSourcePtr device, std::size_t word_bytes, std::shared_ptr<ReadCaches> caches);

    /// Up to `count` words from `at` on. Throws Error(corrupt) when the device ends before the first; its errors pass
    /// through.
    WordRun words_from(ByteOffset at, std::uint64_t count) const;

    /// Exactly `count` words from `at` on, as they are in the file. Throws like words_from().
    Bytes copy_from(ByteOffset at, std::uint64_t count) const;

    /// Whether a table of `words` at `at` is inside the device.
    bool contains(ByteOffset at, std::uint64_t words) const;

    const ByteSourcePtr& device() const { return device_; }

private:
    ByteSourcePtr device_;
    std::size_t word_bytes_;
    TablePages pages_;
};

}  // namespace varve::vmdk
